import type { Logger } from '../../ports/logger.js';
import type { PanelEvent } from '../../ports/panel.js';
import type { Time } from '../../ports/time.js';
import { panelLimits } from './limits.js';

type Level = PanelEvent['level'];

/** Names of fields whose values nobody is shown. */
const SECRETS: ReadonlySet<string> = new Set(['senha', 'password']);

/** The last things that happened, each with its number. */
export class EventLog {
  private readonly events: PanelEvent[] = [];
  private last = 0;
  private onNews: () => void = () => undefined;

  constructor(private readonly time: Pick<Time, 'wallMs'>) {}

  /** The number of the last event; 0: there was none. */
  get lastNumber(): number {
    return this.last;
  }

  /** Calls back at every event, in place of whoever was called so far. */
  tell(call: () => void): void {
    this.onNews = call;
  }

  add(level: Level, message: string, fields: object, source: PanelEvent['source']): void {
    const event = {
      ...{ number: ++this.last, atMs: this.time.wallMs(), level, source },
      ...{ message: bounded(message), fields: bounded(fieldsText(fields)) },
    };
    this.events.push(event);
    if (this.events.length > panelLimits.events) this.events.shift();
    this.onNews();
  }

  /** Events after this number, oldest first, and how many of them are forgotten. */
  after(number: number): { readonly lost: number; readonly events: readonly PanelEvent[] } {
    const first = this.events[0]?.number ?? this.last + 1;
    return {
      lost: Math.max(0, first - number - 1),
      events: this.events.slice(Math.max(0, number + 1 - first)),
    };
  }

  /** A log that goes here too. @param keepsDebug whether the other one writes what is for developers */
  over(logger: Logger, keepsDebug: boolean): Logger {
    const kept =
      (name: keyof Logger, level: Level): Logger['info'] =>
      (fields, message) => {
        logger[name](fields, message);
        if (name !== 'debug' || keepsDebug) this.add(level, message, fields, 'log');
      };
    return {
      debug: kept('debug', 'detalhe'),
      info: kept('info', 'info'),
      warn: kept('warn', 'aviso'),
      error: kept('error', 'erro'),
    };
  }
}

/** A log must not fail: what is no plain data is left out. */
function fieldsText(fields: object): string {
  try {
    return JSON.stringify(fields, (name, value: unknown) => {
      if (SECRETS.has(name)) return '[oculto]';
      if (value instanceof Error) return value.message;
      return typeof value === 'bigint' ? String(value) : value;
    });
  } catch {
    return '{}';
  }
}

function bounded(text: string): string {
  return text.length <= panelLimits.eventChars ? text : `${text.slice(0, panelLimits.eventChars - 1)}…`;
}
