import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { SeededRandom } from '../support/sim-random.js';
import { Network } from './network.js';
import type { Answer, Body, Client } from './network.js';

const PATIENCE_MS = 60_000;
const STORM = { delayMs: 40, loss: 0.2 };
const CALLS = 150;

/** Calls at changing nodes while the network is cut one way after the other; then it heals. @returns the answers */
async function underPartitions(network: Network, requests: readonly Body[]): Promise<readonly Answer[]> {
  const [n1 = '', n2 = '', ...rest] = network.nodes;
  const random = new SeededRandom(2);
  const clients = Array.from({ length: 3 }, () => network.client());
  const answers: Answer[] = [];
  const phases: (() => void)[] = [
    () => undefined,
    () => {
      network.partition([n1], [n2, ...rest]);
    },
    () => {
      network.partition([n1, n2], rest);
    },
    () => {
      network.mute(n2);
    },
  ];
  const each = Math.ceil(requests.length / phases.length);
  for (const [nth, begin] of phases.entries()) {
    begin();
    const share = requests.slice(nth * each, (nth + 1) * each);
    const queue = [...share.entries()];
    const work = async (client: Client): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        answers[nth * each + next[0]] = await client.ask(random.pick(network.nodes), next[1]);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await Promise.all(clients.map(work));
  }
  network.partition();
  return answers;
}

/** Waits until every node reads the same, and as expected. */
async function everyNodeReads(
  network: Network,
  field: string,
  check: (value: unknown) => void,
): Promise<void> {
  const client = network.client();
  for (const node of network.nodes) {
    await eventually(
      `${node} has everything`,
      async () => {
        const answer = await client.ask(node, { type: 'read' });
        expect(answer?.['type']).toBe('read_ok');
        check(answer?.[field]);
        return true;
      },
      PATIENCE_MS,
    );
  }
}

async function endsWell(network: Network): Promise<void> {
  expect(network.violations).toEqual([]);
  expect(await network.stop()).toEqual(network.nodes.map(() => 0));
}

const sorted = (list: unknown): unknown[] => (list as number[]).toSorted((a, b) => a - b);

describe.concurrent('Maelstrom workloads of a fleet, with losses, delays and partitions', () => {
  it('g-set: every node gets every element', { timeout: 180_000 }, async () => {
    const network = await Network.start(['--carga', 'g-set'], 5, STORM);
    const elements = Array.from({ length: CALLS }, (_, i) => i);
    const answers = await underPartitions(
      network,
      elements.map((element) => ({ type: 'add', element })),
    );
    expect(answers.map((answer) => answer?.['type'])).toEqual(elements.map(() => 'add_ok'));
    await everyNodeReads(network, 'value', (value) => {
      expect(sorted(value)).toEqual(elements);
    });
    expect(network.carried.lost).toBeGreaterThan(50);
    await endsWell(network);
  });

  it(
    'broadcast: every node gets every message, whatever the topology says',
    { timeout: 180_000 },
    async () => {
      const network = await Network.start(['--carga', 'broadcast'], 3, STORM, 2);
      const client = network.client();
      for (const node of network.nodes) {
        const answer = await client.ask(node, { type: 'topology', topology: { [node]: [] } });
        expect(answer?.['type']).toBe('topology_ok');
      }
      const messages = Array.from({ length: CALLS }, (_, i) => i);
      const answers = await underPartitions(
        network,
        // A message that is sent twice, at two nodes, is one.
        messages.map((message) => ({ type: 'broadcast', message: message % 100 })),
      );
      expect(answers.every((answer) => answer?.['type'] === 'broadcast_ok')).toBe(true);
      await everyNodeReads(network, 'messages', (value) => {
        expect(sorted(value)).toEqual(messages.slice(0, 100));
      });
      await endsWell(network);
    },
  );

  it('pn-counter: every node reads the sum', { timeout: 180_000 }, async () => {
    const network = await Network.start(['--carga', 'pn-counter'], 3, STORM, 3);
    const deltas = Array.from({ length: CALLS }, (_, i) => (i % 2 === 0 ? i : -3 * i));
    const answers = await underPartitions(
      network,
      deltas.map((delta) => ({ type: 'add', delta })),
    );
    expect(answers.every((answer) => answer?.['type'] === 'add_ok')).toBe(true);
    await everyNodeReads(network, 'value', (value) => {
      expect(value).toBe(deltas.reduce((sum, delta) => sum + delta, 0));
    });
    await endsWell(network);
  });

  it('answers as the protocol says, whatever comes in', { timeout: 180_000 }, async () => {
    const network = await Network.start(['--carga', 'g-set'], 1);
    const client = network.client();
    const garbage = [
      '',
      'x',
      '[]',
      'null',
      '{}',
      '{"src":"c1","dest":"n1","body":{}}',
      '"\\ud800"',
      '['.repeat(100_000),
    ];
    for (const line of garbage) network.writeLine('n1', line);
    network.writeLine(
      'n1',
      JSON.stringify({ src: 'n9', dest: 'n1', body: { type: 'kvs', topico: 'x', carga: '{' } }),
    );
    const codeOf = async (request: Body): Promise<unknown> => (await client.ask('n1', request))?.['code'];
    expect(await codeOf({ type: 'nada' })).toBe(10);
    expect(await codeOf({ type: 'add' })).toBe(12);
    expect(await codeOf({ type: 'add', element: 'x'.repeat(70_000) })).toBe(12);
    expect(await codeOf({ type: 'init', node_id: 'n2', node_ids: ['n1', 'n2'] })).toBe(12);
    expect(await codeOf({ type: 'constructor' })).toBe(10);
    expect(await client.ask('n1', { type: 'add', element: { a: ['ã'] } })).toMatchObject({ type: 'add_ok' });
    expect(await client.ask('n1', { type: 'read' })).toMatchObject({
      type: 'read_ok',
      value: [{ a: ['ã'] }],
    });
    await endsWell(network);
  });

  it('echo and unique-ids', { timeout: 180_000 }, async () => {
    const [echo, ids] = await Promise.all([
      Network.start(['--carga', 'echo'], 1),
      Network.start(['--carga', 'unique-ids'], 3),
    ]);
    expect(await echo.client().ask('n1', { type: 'echo', echo: 'Please echo 35' })).toMatchObject({
      type: 'echo_ok',
      echo: 'Please echo 35',
    });
    const client = ids.client();
    const asked = Array.from({ length: 300 }, (_, i) => client.ask(ids.nodes[i % 3]!, { type: 'generate' }));
    const answers = await Promise.all(asked);
    expect(new Set(answers.map((answer) => answer?.['id'])).size).toBe(300);
    await Promise.all([endsWell(echo), endsWell(ids)]);
  });
});
