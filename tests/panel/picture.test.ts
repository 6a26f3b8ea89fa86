import { describe, expect, it } from 'vitest';
import { allDeparted, withDeparted } from '../../panel/src/fleet/departed.js';
import { compareContent, deafPairs, hears } from '../../panel/src/fleet/hearing.js';
import { arcPath, pictureLayout } from '../../panel/src/fleet/layout.js';
import { englishState, stateKind } from '../../panel/src/fleet/server-state.js';
import { CONDITION_TEXTS } from '../../src/engines/consensus/etcd-member.js';
import type { PanelPeerJson } from '../../src/doors/http/panel-json.js';

const peer = (name: string, more: Partial<PanelPeerJson> = {}): PanelPeerJson => ({
  ...{ nome: name, endereco: `127.0.0.1:${name}`, origem: `o${name}`, eu: false, replica: false },
  ...{ estado: 'atendendo', versao_programa: '', atraso: 0, visto_ms: 0 },
  ...{ resumo: 'h', resumo_vetor: 'v', vetor: [], ouve: null, ...more },
});

describe('the layout of the picture', () => {
  const widths = [280, 320, 600, 900, 1240, 2000];
  const counts = Array.from({ length: 20 }, (_, at) => at + 1);

  it.each(widths)('at %i px has 1 to 20 cards side by side, within it, and a wire for each', (width) => {
    for (const count of counts) {
      const { cards, height, bar } = pictureLayout(count, width);
      expect(cards).toHaveLength(count);
      for (const [at, card] of cards.entries()) {
        expect(card.x).toBeGreaterThanOrEqual(-0.01);
        expect(card.x + card.width).toBeLessThanOrEqual(width + 0.01);
        expect(card.y + card.height).toBeLessThanOrEqual(height);
        expect(card.width).toBeGreaterThanOrEqual(100);
        const overlaps = [...cards.slice(at + 1), bar].some(
          (other) =>
            card.x < other.x + other.width - 0.01 &&
            other.x < card.x + card.width - 0.01 &&
            card.y < other.y + other.height &&
            other.y < card.y + card.height,
        );
        expect(overlaps, `${count} at ${width}`).toBe(false);
      }
    }
  });

  it.each(widths)('at %i px has room for the arcs between any two', (width) => {
    for (const count of counts) {
      const { cards } = pictureLayout(count, width);
      const out = cards.flatMap((from) =>
        cards.flatMap((to) => {
          const path = arcPath(from, to);
          const at = (path.match(/-?[\d.]+/g) ?? []).map(Number);
          const [x0 = 0, x1 = x0, x2 = x1, x3 = x2] = at.filter((_, index) => index % 2 === 0);
          const middle = path.includes('C') ? (x0 + 3 * x1 + 3 * x2 + x3) / 8 : x0;
          return [x0, middle, x3].some((x) => x < -0.01 || x > width + 0.01) ? [path] : [];
        }),
      );
      expect(out).toEqual([]);
    }
  });

  it('puts as many above as it is told', () => {
    const { cards, bar } = pictureLayout(4, 1000, 1);
    expect(cards.map(({ y }) => y < bar.y)).toEqual([true, false, false, false]);
  });
});

describe('who hears whom', () => {
  it('is what each says, by origin or by address; silence is not deafness', () => {
    const [a, b, c] = [peer('1', { ouve: ['o2'] }), peer('2', { ouve: ['127.0.0.1:1', 'o3'] }), peer('3')];
    expect([hears(a, b), hears(a, c), hears(b, a), hears(c, a)]).toEqual([true, false, true, undefined]);
    expect(deafPairs([a, b, c])).toEqual([[0, 2]]);
  });

  it('a replica says only who leads it: those of which it says nothing are not shown as unheard', () => {
    const server = peer('9', { ouve: ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3'] });
    const leader = peer('1', { replica: true, origem: '', ouve: ['127.0.0.1:2', '127.0.0.1:3'] });
    const [two, three] = ['2', '3'].map((name) =>
      peer(name, { replica: true, origem: '', ouve: ['127.0.0.1:1'] }),
    ) as [PanelPeerJson, PanelPeerJson];
    expect(deafPairs([server, leader, two, three])).toEqual([]);
    const cutOff = { ...three, ouve: [] };
    expect(deafPairs([server, leader, two, cutOff])).toEqual([
      [3, 1],
      [3, 2],
    ]);
  });

  it('content is compared by hash, and differs for good only at the same vector', () => {
    const self = peer('1');
    expect(compareContent(self, peer('2'))).toBe('same');
    expect(compareContent(self, peer('2', { resumo: 'x', resumo_vetor: 'w' }))).toBe('behind');
    expect(compareContent(self, peer('2', { resumo: 'x' }))).toBe('diverged');
    expect(compareContent(self, peer('2', { resumo: '' }))).toBe('unknown');
  });

  it('servers that left are shown for a while, unless they are back', () => {
    const gone = withDeparted([], [peer('1'), peer('2')], [peer('1')], 1000);
    expect(gone.map(({ server }) => server.nome)).toEqual(['2']);
    expect(withDeparted(gone, [peer('1')], [peer('1')], 2000)).toEqual(gone);
    expect(withDeparted(gone, [peer('1')], [peer('1'), peer('2', { origem: 'other' })], 2000)).toEqual([]);
    expect(withDeparted(gone, [peer('1')], [peer('1')], 700_000)).toEqual([]);
  });

  it('servers that left before the page looked are shown too, each once, the latest first', () => {
    const gone = withDeparted([], [peer('1'), peer('2'), peer('3')], [peer('1')], 1000);
    const told = (name: string, quando_ms: number) => ({
      ...{ nome: name, endereco: `127.0.0.1:${name}`, origem: `o${name}`, versao_programa: '', quando_ms },
    });
    const all = allDeparted([told('2', 900), told('4', 5000)], gone);
    expect(all.map(({ server, atMs }) => [server.nome, atMs])).toEqual([
      ['4', 5000],
      ['3', 1000],
      ['2', 900],
    ]);
  });
});

describe('states of servers', () => {
  it('of the leader system are as good as those of the others, whatever role they bear', () => {
    const own = ['atendendo (líder)', 'atendendo (seguidor)', 'em dia', 'em dia (líder)'];
    expect(own.map(stateKind)).toEqual(['good', 'good', 'good', 'good']);
    const trouble = ['sem contato', 'sem contato (líder)', 'recebendo o que falta', 'só o líder sabe'];
    expect(trouble.map(stateKind)).toEqual(['off', 'off', 'joining', 'unknown']);
    expect(englishState('sem contato (líder)')).toBe('no contact (leader)');
    expect(englishState('outro')).toBe('outro');
  });

  it('of replicas are all known', () => {
    expect(Object.values(CONDITION_TEXTS).map(stateKind)).toEqual(['good', 'off', 'off']);
  });
});
