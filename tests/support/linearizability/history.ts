/** What clients asked of versioned keys, when, and what they were told. */

/** One request to one key. Values written to a key are distinct: a value names its write. */
export type Request =
  | { readonly kind: 'insert' | 'put'; readonly value: string }
  | { readonly kind: 'get' | 'removeAll' | 'trim' }
  | { readonly kind: 'getVersion'; readonly upTo: number }
  | { readonly kind: 'getTime'; readonly upTo: number }
  | { readonly kind: 'remove'; readonly version: number }
  /** Writes if the latest version is `expected`; 0: if there is none. */
  | { readonly kind: 'compare'; readonly expected: number; readonly value: string };

/** A row as far as an answer shows it: one door tells the version, another the timestamp. */
export interface Sight {
  readonly value?: string;
  readonly version?: number;
  readonly timestamp?: number;
}

/** What was told; what is absent was not. */
export interface Answer {
  /** Where a write put its value. */
  readonly made?: Omit<Sight, 'value'>;
  /** The row read, replaced (put), removed (removeAll) or kept (trim); `null`: there is none. */
  readonly found?: Sight | null;
  /** What became of the removal of one version. */
  readonly removed?: 'removed' | 'noKey' | 'noVersion';
  /** Of a comparison: the latest version is another. */
  readonly refused?: true;
}

/**
 * - `answered`: done, as `answer` tells
 * - `failed`: it was not done and never will be
 * - `unknown`: it may be done at any time after the call, or never
 */
export type Outcome =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed' }
  | { readonly kind: 'unknown' };

export interface Operation {
  readonly client: string;
  readonly key: string;
  readonly request: Request;
  /** Moments of one clock that never shows the same time twice. */
  readonly called: number;
  readonly returned: number;
  readonly outcome: Outcome;
}

/** Whether a request may change something. */
export function isWrite({ kind }: Request): boolean {
  return kind !== 'get' && kind !== 'getVersion' && kind !== 'getTime';
}

/** `put x`, `get ≤ v3`, … for people. */
export function describeRequest(request: Request): string {
  switch (request.kind) {
    case 'insert':
    case 'put':
      return `${request.kind} ${request.value}`;
    case 'getVersion':
      return `get ≤ v${request.upTo}`;
    case 'getTime':
      return `get ≤ t${request.upTo}`;
    case 'remove':
      return `remove v${request.version}`;
    case 'compare':
      return `compare v${request.expected} ${request.value}`;
    default:
      return request.kind;
  }
}

/** What a client was told, for people. */
export function describeOutcome(outcome: Outcome): string {
  if (outcome.kind !== 'answered') return outcome.kind;
  const { made, found, removed, refused } = outcome.answer;
  const parts = [
    ...(made === undefined ? [] : [`made ${describeSight(made)}`]),
    ...(found === undefined ? [] : [found === null ? 'none' : describeSight(found)]),
    ...(removed === undefined ? [] : [removed]),
    ...(refused === undefined ? [] : ['refused']),
  ];
  return parts.join(', ');
}

/** `x v3 t1000`. */
export function describeSight({ value, version, timestamp }: Sight): string {
  const parts = [value, version && `v${version}`, timestamp && `t${timestamp}`];
  return parts.filter((part) => part !== undefined && part !== '').join(' ') || 'some row';
}
