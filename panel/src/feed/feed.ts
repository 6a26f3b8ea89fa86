import { batch, signal } from '@preact/signals';
import type {
  PanelEventJson,
  PanelLineJson,
  PanelPictureJson,
  PanelStartJson,
} from '../../../src/doors/http/panel-json.js';
import { askForLogin, loginAsked, token } from '../api/credential.js';
import { Refusal } from '../api/request.js';
import { pause, retryWaitMs } from '../api/retry.js';
import { readLines } from '../api/stream.js';
import { allDeparted, withDeparted } from '../fleet/departed.js';
import type { Departed } from '../fleet/departed.js';
import { knowHues } from '../parts/hues.js';
import { pageLimits } from '../limits.js';
import { samples } from './samples.js';

/** How the page and its server stand. */
type FeedState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Tries again at an instant of `performance.now()`. */
  | { readonly kind: 'waiting'; readonly untilMs: number; readonly refusal: Refusal | undefined }
  /** Nobody sees the page: it asks for nothing. */
  | { readonly kind: 'resting' }
  /** Somebody must log in first. */
  | { readonly kind: 'locked' };

export const connection = signal<FeedState>({ kind: 'connecting' });
/** What does not change while the server runs; kept while it cannot be reached. */
export const start = signal<PanelStartJson | undefined>(undefined);
/** The last picture; kept while the server cannot be reached. */
export const picture = signal<PanelPictureJson | undefined>(undefined);
/** Servers that left lately, the latest first. */
export const departed = signal<readonly Departed[]>([]);
/** Those of them that left while the page was open. */
let seenLeaving: readonly Departed[] = [];
/** Latest first. */
export const events = signal<readonly PanelEventJson[]>([]);
/** Events that the server forgot before it could tell them. */
export const lostEvents = signal(0);

let attempt = new AbortController();
let isRunning = false;

/** Tries at once instead of at the end of the wait. */
export function tryNow(): void {
  attempt.abort();
}

/** Keeps the stream open as long as the page is. */
export function startFeed(): void {
  if (isRunning) return;
  isRunning = true;
  watchVisibility();
  token.subscribe(() => {
    attempt.abort();
    forgetAll();
  });
  void run();
}

/** Another credential may see less: nothing is left of what the one before was shown. */
function forgetAll(): void {
  batch(() => {
    start.value = picture.value = undefined;
    departed.value = events.value = [];
    lostEvents.value = 0;
  });
  seenLeaving = [];
  samples.clear();
}

async function run(): Promise<never> {
  let failures = 0;
  for (;;) {
    attempt = new AbortController();
    const { signal: ended } = attempt;
    if (isResting || loginAsked.peek() !== 'no') {
      connection.value = { kind: isResting ? 'resting' : 'locked' };
      await new Promise((resolve) => ended.addEventListener('abort', resolve));
      failures = 0;
      continue;
    }
    if (failures === 0) connection.value = { kind: 'connecting' };
    const outcome: { refusal?: Refusal; wasLive?: true } = {};
    try {
      await readLines('/v1/painel', { signal: ended }, pageLimits.feedSilenceMs, (lines) => {
        batch(() => lines.forEach(take));
        if (lines.length > 0) outcome.wasLive = true;
      });
    } catch (error) {
      if (error instanceof Refusal) outcome.refusal = error;
    }
    const { refusal } = outcome;
    if (ended.aborted || refusal?.status === 401) {
      failures = 0;
      continue;
    }
    failures = outcome.wasLive === true ? 1 : failures + 1;
    const waitMs = retryWaitMs(failures);
    connection.value = { kind: 'waiting', untilMs: performance.now() + waitMs, refusal };
    await pause(waitMs, ended);
  }
}

function take(text: string): void {
  if (text === '') return;
  const line = JSON.parse(text) as PanelLineJson;
  switch (line.tipo) {
    case 'inicio':
      // What the log has comes again after this.
      isLogNew = true;
      start.value = line;
      connection.value = { kind: 'live' };
      break;
    case 'quadro':
      knowHues(line.servidores);
      seenLeaving = withDeparted(
        seenLeaving,
        picture.peek()?.servidores ?? [],
        line.servidores,
        line.agora_ms,
      );
      departed.value = allDeparted(line.sairam, seenLeaving);
      picture.value = line;
      samples.add(line);
      break;
    case 'eventos':
      takeEvents(line.eventos, line.perdidos);
      break;
    case 'fim':
      if (line.codigo === 'NAO_AUTENTICADO') askForLogin();
      break;
  }
}

let isLogNew = true;

function takeEvents(told: readonly PanelEventJson[], lost: number): void {
  const before = isLogNew ? [] : events.value;
  lostEvents.value = isLogNew ? lost : lostEvents.value + lost;
  isLogNew = false;
  events.value = [...told.toReversed(), ...before].slice(0, pageLimits.events);
}

let isResting = false;

function watchVisibility(): void {
  let timer = 0;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    const rest = (now: boolean): void => {
      if (isResting === now) return;
      isResting = now;
      attempt.abort();
    };
    if (document.hidden) timer = setTimeout(() => rest(true), pageLimits.hiddenMs);
    else rest(false);
  });
}
