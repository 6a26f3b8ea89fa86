import type { SentenceLanguage } from './bilingual.js';
import { isLabelled, layoutOf } from './diagram-layout.js';
import type { DiagramLayout } from './diagram-layout.js';
import { lifeSpans } from './life-spans.js';
import { recordingContext } from './recording-context.js';
import type { MessageSent, RecordedEvent, Recording } from './recording.js';
import { eventSentence } from './sentences.js';
import type { SentenceContext } from './sentences.js';
import { element, escaped } from './svg-text.js';
import { legend, STYLE, WORDS } from './svg-legend.js';

/**
 * The space-time diagram of a recording as a picture that stands alone: lines of life, every message from where it left to
 * where it ended, calls, and what was done to the servers. Every mark has a sentence as its title.
 */
export function spaceTimeSvg(recording: Recording, language: SentenceLanguage): string {
  return new Diagram(recording, language).svg();
}

class Diagram {
  private readonly layout: DiagramLayout;
  private readonly context: SentenceContext;
  /** The way of each message that is told so far: where it was seen last before it spreads. */
  private readonly ways = new Map<string, { x: number; y: number; isQuiet: boolean; arrived: boolean }>();
  private readonly clients = new Map<string, string>();

  constructor(
    private readonly recording: Recording,
    private readonly language: SentenceLanguage,
  ) {
    this.layout = layoutOf(recording);
    this.context = recordingContext(recording);
  }

  svg(): string {
    const { layout, language } = this;
    const { width, height, events, left } = layout;
    // In the order of the recording, in which what refers to a message comes after it.
    const ordered = events.toSorted((one, other) => one.n - other.n);
    const marks = ordered.map((event) => this.mark(event));
    const lost = ordered.map((event) => (event.kind === 'sent' ? this.lost(event) : ''));
    const title = `${WORDS[language].title} · ${this.recording.header.engine} · ${startOf(this.recording)}`;
    const rest = left === 0 ? '' : WORDS[language].left(left);
    return [
      '<?xml version="1.0" encoding="UTF-8"?>\n',
      element(
        'svg',
        {
          xmlns: 'http://www.w3.org/2000/svg',
          ...{ width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', lang: language },
        },
        element('title', {}, escaped(title)),
        element('style', {}, STYLE),
        element('rect', { class: 'paper', width, height }),
        element('text', { class: 'head', x: 20, y: 26 }, escaped(title)),
        legend(language),
        ...this.lifelines(),
        ...marks,
        ...lost,
        element('text', { class: 'note', x: 20, y: height - 10 }, escaped(rest)),
      ),
      '\n',
    ].join('');
  }

  private lifelines(): string[] {
    const { layout, recording, language } = this;
    const { hosts, top, bottom } = layout;
    return hosts.flatMap((host) => {
      const x = layout.xOf(host.id) ?? 0;
      const spans = lifeSpans(host, recording.events, layout);
      return [
        element('text', { class: 'host', x, y: top - 22 }, escaped(short(host.name, 24))),
        element('text', { class: 'address', x, y: top - 8 }, escaped(short(host.address, 28))),
        element('line', { class: 'gone', x1: x, y1: top, x2: x, y2: bottom }),
        ...spans.alive.map(([y1, y2]) => element('line', { class: 'life', x1: x, y1, x2: x, y2 })),
        ...spans.isolated.map(([y1, y2]) =>
          element(
            'rect',
            { class: 'isolated', x: x - 7, y: y1, width: 14, height: Math.max(1, y2 - y1) },
            element('title', {}, escaped(WORDS[language].isolated)),
          ),
        ),
      ];
    });
  }

  private mark(event: RecordedEvent): string {
    const { layout } = this;
    const [x, y] = [layout.xOf(event.host), layout.yOf(event)];
    if (x === undefined) return '';
    switch (event.kind) {
      case 'sent': {
        const isQuiet = !isLabelled(event);
        this.ways.set(event.message, { x, y, isQuiet, arrived: false });
        const dot = element('circle', {
          class: isQuiet ? 'quiet dot' : 'dot',
          cx: x,
          cy: y,
          r: isQuiet ? 1.2 : 2.4,
        });
        return this.titled(event, dot, isQuiet ? '' : this.label(x, y, event.type));
      }
      case 'relayed':
      case 'received':
      case 'dropped':
      case 'missed':
        return this.arrival(event, x, y);
      case 'call':
        this.clients.set(event.call, event.client);
        return this.between(event, event.client, event.host, y, `${event.operation} ${event.key}`);
      case 'answer':
        return this.between(event, event.host, this.clients.get(event.call) ?? '', y, event.code);
      case 'state':
        return this.titled(event, element('path', { class: 'state', d: `M${x - 3} ${y}l3 -3 3 3 -3 3z` }));
      case 'mark': {
        const { width } = layout;
        const line = element('line', { class: 'mark', x1: 20, y1: y, x2: width - 20, y2: y });
        return this.titled(
          event,
          line,
          element('text', { class: 'marked', x: 20, y: y - 3 }, escaped(short(event.text, 80))),
        );
      }
      case 'host':
        return this.titled(
          event,
          element('path', { class: event.change, d: SIGNS[event.change]?.(x, y) ?? `M${x - 4} ${y}h8` }),
          this.label(x, y, WORDS[this.language].change(event), 'change'),
        );
    }
  }

  private arrival(
    event: Extract<RecordedEvent, { kind: 'relayed' | 'received' | 'dropped' | 'missed' }>,
    x: number,
    y: number,
  ): string {
    const way = this.ways.get(event.message);
    // Where it was dropped as it left, that is drawn.
    if (way === undefined || (event.kind === 'missed' && event.why === 'dropped')) return '';
    way.arrived = true;
    const kind = event.kind === 'received' ? event.effect : event.kind;
    const line = {
      class: `${way.isQuiet ? 'quiet ' : ''}message ${kind}`,
      x1: way.x,
      y1: way.y,
      x2: x,
      y2: y,
    };
    const isEnded = event.kind === 'dropped' || event.kind === 'missed';
    const end = isEnded ? cross(x === way.x ? x + 10 : x, y) : '';
    const drawn =
      event.kind === 'relayed' ? line : { ...line, 'marker-end': `url(#${way.isQuiet ? 'small' : 'tip'})` };
    const own = x === way.x ? '' : element('line', isEnded ? line : drawn);
    // From the broker on, it spreads from there.
    if (event.kind === 'relayed') Object.assign(way, { x, y });
    return this.titled(event, own, end);
  }

  /** A message that ended nowhere that anybody knows of. */
  private lost(event: MessageSent): string {
    const way = this.ways.get(event.message);
    if (way === undefined || way.arrived) return '';
    const [x2, y2] = [way.x + 22, way.y + 6];
    const line = element('line', { class: 'message lost', x1: way.x, y1: way.y, x2, y2 });
    return element('g', {}, element('title', {}, escaped(WORDS[this.language].lost)), line, cross(x2, y2));
  }

  /** A call or an answer, between a client and a server. */
  private between(event: RecordedEvent, from: string, to: string, y: number, text: string): string {
    const [x1, x2] = [this.layout.xOf(from), this.layout.xOf(to)];
    if (x1 === undefined || x2 === undefined) return '';
    const line = { class: `call ${event.kind}`, x1, y1: y, x2, y2: y, 'marker-end': 'url(#tip)' };
    return this.titled(event, element('line', line), this.label(Math.min(x1, x2), y, text, 'called'));
  }

  private label(x: number, y: number, text: string, kind = 'type'): string {
    return element('text', { class: kind, x: x + 6, y: y - 3 }, escaped(short(text, 26)));
  }

  private titled(event: RecordedEvent, ...drawn: readonly string[]): string {
    const seconds = (event.t / 1_000).toFixed(3);
    const title = `${seconds} s · ${eventSentence(event, this.context, this.language)}`;
    const time = isLabelled(event)
      ? element('text', { class: 'time', x: 92, y: this.layout.yOf(event) }, `${seconds} s`)
      : '';
    return element('g', {}, element('title', {}, escaped(title)), time, ...drawn);
  }
}

/** Signs of what happened to a host. */
const SIGNS: Readonly<Record<string, (x: number, y: number) => string>> = {
  killed: (x, y) => `M${x - 6} ${y - 6}l12 12m0 -12l-12 12`,
  ended: (x, y) => `M${x - 7} ${y}h14`,
  started: (x, y) => `M${x} ${y - 5}l5 9h-10z`,
  leads: (x, y) => `M${x - 6} ${y + 4}v-8l3 4 3 -6 3 6 3 -4v8z`,
};

function cross(x: number, y: number): string {
  return element('path', { class: 'cross', d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8` });
}

function short(text: string, chars: number): string {
  const letters = Array.from(text.slice(0, 2 * chars + 2));
  return letters.length > chars ? `${letters.slice(0, chars).join('')}…` : text;
}

function startOf({ header }: Recording): string {
  return new Date(header.startedMs).toISOString().slice(0, 19).replace('T', ' ');
}
