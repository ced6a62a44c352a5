import { crc32 } from 'node:zlib';
import { createBreath } from '../model/breath.ts';
import { type Block, deflated, newBlock, regroup } from './blocks.ts';
import { type Format, headerText } from './exposition.ts';
import type { AnyFamily, FamilySettings, Kept, PageSource } from './family.ts';

/** The rendered families of one format: bytes to be sent as they are, and the same deflated (no final block yet). */
export interface RenderedPage {
  readonly plain: readonly Buffer[];
  readonly deflated: readonly Buffer[];
  readonly bytes: number;
  /** CRC-32 of all plain bytes, as gzip's trailer wants it. */
  readonly crc: number;
}

/** One family as it was rendered last. */
interface RenderedFamily extends Kept {
  readonly header: Block;
  blocks: readonly Block[];
}

/** Keeps the page as one fragment of text per (family, thing) and renders again only what changed. */
export class Page {
  readonly #families: readonly { readonly family: AnyFamily; readonly kept: RenderedFamily }[];
  readonly #settings: FamilySettings;

  constructor(families: readonly AnyFamily[], settings: FamilySettings) {
    this.#families = families.map((family) => ({ family, kept: newFamily(family) }));
    this.#settings = settings;
  }

  /** Renders in slices; resolves with the page in both formats. Calls must not overlap. */
  async render(source: PageSource): Promise<Record<Format, RenderedPage>> {
    await this.renderPlain(source);
    return this.deflate();
  }

  /** The first half of `render`: all text is up to date, nothing is compressed yet. */
  async renderPlain(source: PageSource): Promise<void> {
    const breathe = createBreath();
    for (const { family, kept } of this.#families) {
      for (const _step of family.render(source, this.#settings, kept)) {
        const pause = breathe();
        if (pause !== undefined) await pause;
      }
      kept.blocks = regroup(kept.blocks, kept.shown);
      await breathe();
    }
  }

  /** The second half: compresses what changed and puts the page together. */
  async deflate(): Promise<Record<Format, RenderedPage>> {
    const blocks = this.#families.flatMap(({ kept }) => [kept.header, ...kept.blocks]);
    const compressed: Record<Format, Buffer>[] = [];
    for (const block of blocks) compressed.push(block.deflated ?? (await deflated(block)));
    const assemble = async (format: Format): Promise<RenderedPage> => {
      const plain = blocks.map(({ bytes }) => bytes[format]);
      return {
        plain,
        // One piece to send instead of a thousand.
        deflated: [Buffer.concat(compressed.map((both) => both[format]))],
        bytes: plain.reduce((sum, { length }) => sum + length, 0),
        crc: await checksum(plain),
      };
    };
    return { text: await assemble('text'), openmetrics: await assemble('openmetrics') };
  }
}

function newFamily(family: AnyFamily): RenderedFamily {
  const text = headerText(family, 'text');
  const openmetrics = headerText(family, 'openmetrics');
  const header = newBlock([{ version: 0, text, openmetrics }]);
  return { header, fragments: new WeakMap(), items: [], shown: [], blocks: [] };
}

async function checksum(plain: readonly Buffer[]): Promise<number> {
  const breathe = createBreath();
  let crc = 0;
  for (const bytes of plain) {
    crc = crc32(bytes, crc);
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
  return crc;
}
