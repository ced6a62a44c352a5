import type { Answered, Series } from './answers.ts';
import { fieldOf } from './dashboard.ts';
import { escaped, fontSize, type Size } from './text.ts';
import { shown } from './values.ts';

const NAME_PIXELS = 18;
const GAP = 4;
/** Below this name and number stand beside each other. */
const FLAT = 46;

/** Big numbers of this moment, each on the colour that it has; beside each other where there is room. */
export function numbers(answered: Answered, size: Size): string {
  const { panel, series } = answered;
  const isRow = size.width > 1.5 * size.height;
  const count = Math.max(1, series.length);
  const tile = isRow
    ? { width: (size.width - GAP * (count - 1)) / count, height: size.height }
    : { width: size.width, height: (size.height - GAP * (count - 1)) / count };
  const isNamed = panel.options.textMode === 'value_and_name';
  const tiles = series.map((one) => tileOf(answered, one, { ...tile, isNamed }));
  const direction = isRow ? 'row' : 'column';
  return `<div style="display:flex;flex-direction:${direction};gap:${GAP}px;height:100%">${tiles.join('')}</div>`;
}

function tileOf({ panel, range }: Answered, series: Series, tile: Size & { readonly isNamed: boolean }): string {
  const value = series.samples.at(-1)?.[1] ?? Number.NaN;
  const { text, colour } = shown(value, fieldOf(panel, series.legend), range.toMs);
  const isFlat = tile.isNamed && tile.height < FLAT;
  const room = { width: 0.85 * tile.width, height: 0.55 * (tile.height - (tile.isNamed && !isFlat ? NAME_PIXELS : 0)) };
  const name = tile.isNamed ? `<div>${escaped(series.legend)}</div>` : '';
  const number = `<b style="font-size:${fontSize(text, room)}px">${escaped(text)}</b>`;
  return `<div class="tile${isFlat ? ' flat' : ''}" style="background:${colour}">${name}${number}</div>`;
}
