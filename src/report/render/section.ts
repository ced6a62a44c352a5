/** A cell or value: text, or a link. */
export type Cell = string | { readonly text: string; readonly url: string };

/** A part of a report for people, in no markup yet; names in it are as the platforms have them. */
export type Section = { readonly title: string } & (
  | { readonly kind: 'lines'; readonly lines: readonly (readonly [label: string, value: string])[] }
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
      /** There may be hundreds of rows, of which the first matter most. */
      readonly isRanked?: boolean;
      /** The first so many columns are text, the others numbers; 1 without it. */
      readonly textColumns?: number;
    }
  | { readonly kind: 'list'; readonly items: readonly string[] }
);

/** Nothing is known of what stands under the title. */
export function isEmpty(section: Section): boolean {
  if (section.kind === 'lines') return section.lines.length === 0;
  return (section.kind === 'list' ? section.items : section.rows).length === 0;
}
