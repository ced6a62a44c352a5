/** Stands where only people know what belongs there. */
export const BLANK = '_fill in_';

/** A part of a review that people fill in: points, or rows of a table. */
export interface PartToFillIn {
  /** Its key for programs. */
  readonly key: string;
  readonly title: string;
  readonly question?: string;
  /** What each point is about; one point about anything without it. */
  readonly points?: readonly string[];
  readonly table?: {
    readonly head: readonly string[];
    /** The first cells of each row; the others are blank. */
    readonly rows: readonly (readonly string[])[];
  };
}

/** Beside what is known of the investigation. */
export const INVESTIGATION: PartToFillIn = {
  key: 'investigation',
  title: 'Investigation',
  question: 'How was the cause found? What led astray, what was missing?',
};

/** Beside what is known of the end. */
export const RESOLUTION: PartToFillIn = {
  key: 'resolution',
  title: 'Resolution',
  question: 'What ended it: a fix, a rollback, a workaround? What is still to be done?',
};

/** Instead of what is not known. */
export const RECENT_CHANGES: PartToFillIn = {
  key: 'recent_changes',
  title: 'Recent changes',
  question: 'What was changed before: deployments, configuration, infrastructure, traffic?',
};

/** What follows the facts, in this order. */
export const PARTS_TO_FILL_IN: readonly PartToFillIn[] = [
  {
    key: 'impact',
    title: 'Impact',
    question: 'Who noticed what, how many, for how long? What was lost?',
  },
  {
    key: 'causes',
    title: 'Causes',
    question: 'What made it happen? Systems and circumstances, not persons.',
    points: ['Trigger', 'Root causes'],
  },
  {
    key: 'contributing_factors',
    title: 'Contributing factors',
    question: 'What made it likelier, worse, longer or harder to notice?',
    table: {
      head: ['Kind', 'Factor'],
      rows: [
        ['Technical (code, configuration, capacity, dependencies)'],
        ['Detection (monitoring, alerts, thresholds)'],
        ['Process (review, rollout, runbooks, on-call)'],
        ['Knowledge and communication'],
        ['External (suppliers, networks, customers)'],
      ],
    },
  },
  { key: 'went_well', title: 'What went well' },
  { key: 'went_badly', title: 'What went badly' },
  { key: 'lucky', title: 'Where we were lucky' },
  {
    key: 'action_items',
    title: 'Action items',
    table: {
      head: ['Action', 'Kind', 'Team', 'Due', 'Ticket'],
      rows: [
        [BLANK, 'prevent'],
        [BLANK, 'detect'],
        [BLANK, 'mitigate'],
      ],
    },
  },
  { key: 'lessons', title: 'Lessons' },
];

/** Everything that people fill in, in the order of a review. */
export const ALL_PARTS_TO_FILL_IN: readonly PartToFillIn[] = [
  INVESTIGATION,
  RESOLUTION,
  RECENT_CHANGES,
  ...PARTS_TO_FILL_IN,
];

/** The part in Markdown, under its title. */
export function renderPartToFillIn(part: PartToFillIn): string {
  return `## ${part.title}\n\n${renderBlanks(part)}`;
}

/** The question and the blanks alone, to follow what is known. */
export function renderBlanks({ question, points, table }: PartToFillIn): string {
  const parts = question === undefined ? [] : [`_${question}_`];
  if (table === undefined) {
    parts.push(points === undefined ? `- ${BLANK}` : points.map((point) => `- ${point}: ${BLANK}`).join('\n'));
  } else {
    const toLine = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
    const rows = table.rows.map((cells) => toLine(table.head.map((_title, index) => cells[index] ?? BLANK)));
    parts.push([toLine(table.head), toLine(table.head.map(() => '---')), ...rows].join('\n'));
  }
  return parts.join('\n\n');
}
