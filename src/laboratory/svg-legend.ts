import type { SentenceLanguage } from './bilingual.js';
import type { HostChanged } from './recording.js';
import { element, escaped } from './svg-text.js';

/** Readable in colours and without: what is lost is dashed and has a cross, what changed a store is thick. */
export const STYLE = `
.paper{fill:#fff}text{font:11px sans-serif;fill:#111}.head{font-size:15px;font-weight:bold}
.host{font-weight:bold;text-anchor:middle}.address,.time,.note{fill:#555;font-size:9px}.address{text-anchor:middle}
.time{text-anchor:end}.type,.called,.change{font-size:9px;stroke:#fff;stroke-width:3px;paint-order:stroke;stroke-linejoin:round}.type{fill:#184a8c}.change{fill:#8a3b00}.called{fill:#333}
.gone{stroke:#bbb;stroke-dasharray:2 4}.life{stroke:#111;stroke-width:1.4}
.isolated{fill:#e8a33d;fill-opacity:.35;stroke:#8a5a00;stroke-dasharray:3 2}
.dot{fill:#184a8c}.message{stroke:#184a8c;fill:none}.applied{stroke-width:2}.known,.ignored{stroke:#666}
.held{stroke:#7a2a8a;stroke-dasharray:6 2}.quiet{stroke:#b5c0cc;fill:#b5c0cc;stroke-width:.6}
.dropped,.missed,.lost{stroke:#b3261e;stroke-dasharray:4 3}.cross,.killed{stroke:#b3261e;stroke-width:2;fill:none}
.call{stroke:#333}.answer{stroke-dasharray:5 2}.state{fill:#fff;stroke:#2b6a3a}.mark{stroke:#888;stroke-dasharray:8 3}
.marked{font-style:italic}.ended,.started,.leads,.hosts{stroke:#8a3b00;stroke-width:1.5;fill:#fff}
`;

interface DiagramWords {
  readonly title: string;
  readonly isolated: string;
  readonly lost: string;
  readonly left: (events: number) => string;
  readonly change: (event: HostChanged) => string;
  readonly legend: readonly string[];
}

export const WORDS: Readonly<Record<SentenceLanguage, DiagramWords>> = {
  pt: {
    title: 'Diagrama espaço-tempo',
    isolated: 'isolado: não fala com os outros',
    lost: 'perdida: ninguém a viu chegar',
    left: (events) => `faltam ${events} eventos, além do que um diagrama mostra`,
    change: ({ change, amount }) => {
      const words = {
        ...{ started: 'iniciado', serving: 'atende', isolated: 'isolado', connected: 'ligado' },
        ...{ killed: 'morto', ended: 'terminou', leads: 'lidera' },
        hosts: 'broker aqui',
        ...{ clock: `relógio ${signed(amount)} ms`, loss: `perde ${share(amount)} %` },
      };
      return words[change];
    },
    legend: [
      'mudou o dado',
      'nada de novo, ou espera',
      'presença',
      'descartada ou perdida',
      'isolado',
      'morto',
      'estado',
    ],
  },
  en: {
    title: 'Space-time diagram',
    isolated: 'isolated: it does not speak to others',
    lost: 'lost: nobody saw it arrive',
    left: (events) => `${events} events are missing, beyond what a diagram shows`,
    change: ({ change, amount }) => {
      const words = {
        ...{ started: 'started', serving: 'serves', isolated: 'isolated', connected: 'connected' },
        ...{ killed: 'killed', ended: 'ended', leads: 'leads' },
        hosts: 'broker here',
        ...{ clock: `clock ${signed(amount)} ms`, loss: `loses ${share(amount)} %` },
      };
      return words[change];
    },
    legend: [
      'changed the data',
      'nothing new, or waits',
      'presence',
      'dropped or lost',
      'isolated',
      'killed',
      'state',
    ],
  },
};

/** What the lines and signs mean, and the tips of arrows. */
export function legend(language: SentenceLanguage): string {
  const tip = (id: string, size: number, fill: string): string =>
    element(
      'marker',
      {
        ...{ id, viewBox: '0 0 10 10', refX: 9, refY: 5, markerWidth: size, markerHeight: size },
        ...{ orient: 'auto-start-reverse', markerUnits: 'userSpaceOnUse' },
      },
      element('path', { d: 'M0 0L10 5L0 10z', fill }),
    );
  const line = (kind: string) => (x: number) =>
    element('line', { class: kind, x1: x, y1: 50, x2: x + 26, y2: 50 });
  const signs: readonly ((x: number) => string)[] = [
    ...[line('message applied'), line('message known'), line('quiet message'), line('message lost')],
    (x) => element('rect', { class: 'isolated', x: x + 6, y: 43, width: 14, height: 14 }),
    (x) => element('path', { class: 'killed', d: `M${x + 7} 44l12 12m0 -12l-12 12` }),
    (x) => element('path', { class: 'state', d: `M${x + 10} 50l3 -3 3 3 -3 3z` }),
  ];
  const shown = signs.map((sign, at) => {
    // In two lines, so that it fits a page.
    const [x, dy] = [20 + (at % 4) * 175, at < 4 ? 0 : 22];
    const text = element('text', { x: x + 32, y: 54 }, escaped(WORDS[language].legend[at] ?? ''));
    return element('g', { transform: `translate(0 ${dy})` }, sign(x), text);
  });
  return element('g', {}, element('defs', {}, tip('tip', 8, '#222'), tip('small', 4, '#b5c0cc')), ...shown);
}

function signed(amount = 0): string {
  return amount > 0 ? `+${amount}` : String(amount);
}

function share(amount = 0): number {
  return Math.round(amount * 1_000) / 10;
}
