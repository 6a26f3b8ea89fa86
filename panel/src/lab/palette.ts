/** Kinds of messages that share a colour and a dash, so that the eye finds a conversation on every engine. */
type MessageFamily = 'write' | 'presence' | 'ask' | 'reply' | 'read' | 'confirm' | 'clock' | 'other';

const FAMILIES: Readonly<Record<string, MessageFamily>> = {
  batch: 'write',
  ...{ presence: 'presence', challenge: 'clock', answer: 'clock' },
  ...{ logRequest: 'ask', stateRequest: 'ask', vectorRequest: 'ask' },
  ...{ logReply: 'reply', stateReply: 'reply', vectorReply: 'reply' },
  ...{ confirm: 'confirm', clockRequest: 'clock', clockReply: 'clock' },
  ...{ LEADER: 'ask', LEADER_OK: 'reply', LEADER_STALE: 'reply', SERVING: 'confirm' },
  ...{ STATE_REQUEST: 'ask', STATE_BEGIN: 'reply', STATE_PAGE: 'reply', STATE_OK: 'confirm' },
  ...{ PING: 'presence', PONG: 'presence' },
};

/** By what a name of a protocol says, where it is in no table: other engines' names are many. */
const PATTERNS: readonly (readonly [RegExp, MessageFamily])[] = [
  [/(_OK|Response|_ACK)$/i, 'confirm'],
  [/^(PUT|REPLICATION|REMOVAL|STEP|COMMIT|OPERATION|Txn|Put|Delete)/, 'write'],
  [/^(GET|Range|Watch)/, 'read'],
  [/^(FOLLOWER|Lease|Status|Member)/, 'presence'],
];

export function familyOf(type: string): MessageFamily {
  if (Object.hasOwn(FAMILIES, type)) return FAMILIES[type] as MessageFamily;
  return PATTERNS.find(([pattern]) => pattern.test(type))?.[1] ?? 'other';
}

/** The variable of the style sheet with the colour of a family. */
export const FAMILY_COLOURS: Readonly<Record<MessageFamily, string>> = {
  write: '--hue-1',
  presence: '--ink-2',
  ask: '--hue-2',
  reply: '--hue-3',
  read: '--hue-6',
  confirm: '--hue-4',
  clock: '--hue-8',
  other: '--hue-5',
};

/** Dashes tell families apart without colours. */
export const FAMILY_DASHES: Readonly<Record<MessageFamily, readonly number[]>> = {
  write: [],
  presence: [2, 4],
  ask: [7, 4],
  reply: [],
  read: [7, 3, 2, 3],
  confirm: [3, 3],
  clock: [1, 3],
  other: [10, 3],
};

/** Colours of the letters of states; after the last one they begin again, and the letter tells. */
const STATE_COLOURS = [
  '--hue-3',
  '--hue-2',
  '--hue-4',
  '--hue-1',
  '--hue-5',
  '--hue-6',
  '--hue-7',
  '--hue-8',
];

export function stateColour(index: number): string {
  return STATE_COLOURS[index % STATE_COLOURS.length] as string;
}

const NAMES = [
  ...['--ground', '--sheet', '--sunk', '--line', '--edge', '--ink', '--ink-2', '--accent', '--focus'],
  ...['--good', '--warn', '--bad', '--good-ground', '--warn-ground', '--bad-ground'],
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((hue) => `--hue-${hue}`),
];

/** The colours of the style sheet as a canvas takes them, by their variables. */
export type Palette = ReadonlyMap<string, string>;

/** Reads the colours as they are now: the theme decides, and a canvas knows no variables. */
export function readPalette(host: HTMLElement): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  host.append(probe);
  const colours = new Map<string, string>();
  for (const name of NAMES) {
    probe.style.setProperty('color', `var(${name})`);
    colours.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return colours;
}
