import { describe, expect, it } from 'vitest';
import { Labels } from '../../../panel/src/lab/labels.js';
import type { LabelContext, LabelRank } from '../../../panel/src/lab/labels.js';

interface Written {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly alpha: number;
}

const LETTER_PX = 7;

/** Where a canvas would write, with letters that are all equally wide. */
function canvas(): { readonly context: LabelContext; readonly written: Written[]; measured: number } {
  const paper = {
    written: [] as Written[],
    measured: 0,
    context: {
      ...{ font: '', globalAlpha: 1, fillStyle: '', fillRect: () => undefined },
      measureText: (text: string) => {
        paper.measured += 1;
        return { width: text.length * LETTER_PX };
      },
      fillText: (text: string, x: number, y: number) => {
        paper.written.push({ text, x, y, alpha: paper.context.globalAlpha });
      },
    } satisfies LabelContext,
  };
  return paper;
}

function wish(
  rank: LabelRank,
  texts: readonly string[],
  ...spots: readonly (readonly [number, number])[]
): Parameters<Labels['ask']>[0] {
  return { rank, texts, spots, room: 200, font: 'f', fill: '#000' };
}

describe('texts of a picture', () => {
  it('never lie over each other, however many there are', () => {
    const { context, written } = canvas();
    const labels = new Labels(context, 800);
    for (let at = 0; at < 500; at += 1) {
      const x = (at * 37) % 800;
      labels.ask(wish('message', ['logRequest', 'log'], [x, 60 + (at % 5) * 9], [x, 160]));
    }
    labels.write();
    expect(written.length).toBeGreaterThan(20);
    for (const [at, one] of written.entries()) {
      for (const other of written.slice(at + 1)) {
        const areBeside = Math.abs(one.y - other.y) >= 13;
        const [left, right] = one.x < other.x ? [one, other] : [other, one];
        expect(areBeside || left.x + left.text.length * LETTER_PX <= right.x).toBe(true);
      }
    }
  });

  it('a refusal is written before the name of a message that was asked for earlier, which moves', () => {
    const { context, written } = canvas();
    const labels = new Labels(context, 800);
    labels.ask(wish('message', ['Txn'], [10, 50], [10, 80]));
    labels.ask(wish('refusal', ['SEM_MAIORIA'], [20, 50]));
    labels.write();
    expect(written.map(({ text, y }) => [text, y])).toEqual([
      ['SEM_MAIORIA', 50],
      ['Txn', 80],
    ]);
  });

  it('says less where there is less room, and nothing where there is none', () => {
    const { context, written } = canvas();
    const labels = new Labels(context, 800);
    labels.take({ x: 100, y: 40, width: 20, height: 20 });
    labels.ask(wish('call', ['escrever casa/1 = azul', 'escrever'], [30, 50]));
    labels.ask(wish('call', ['ler'], [105, 50]));
    labels.ask({ ...wish('call', ['uma palavra'], [300, 50]), room: 20 });
    labels.write();
    expect(written.map(({ text }) => text)).toEqual(['escrever']);
  });

  it('are as pale as what they stand beside, and those out of sight are not even measured', () => {
    const paper = canvas();
    const labels = new Labels(paper.context, 800);
    paper.context.globalAlpha = 0.35;
    labels.ask(wish('message', ['batch'], [10, 50]));
    labels.ask(wish('message', ['batch'], [900, 50]));
    paper.context.globalAlpha = 1;
    labels.write();
    expect(paper.written).toEqual([{ text: 'batch', x: 10, y: 50, alpha: 0.35 }]);
    expect([paper.measured, paper.context.globalAlpha]).toEqual([1, 1]);
  });
});
