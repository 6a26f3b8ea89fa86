import { describe, expect, it } from 'vitest';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import { search } from '../support/linearizability/search.js';
import type { Interval, Model } from '../support/linearizability/search.js';
import { SeededRandom } from '../support/sim-random.js';
import { Network } from './network.js';
import type { Answer, Body, Client } from './network.js';

type Value = number | undefined;

interface Step {
  readonly request: Body;
  readonly answer: Answer;
}

/** A register as the workload has it: `undefined` until it is written. Answers of unknown outcome are those that may be left out. */
const register: Model<{ readonly value: Value }, Step> = {
  initial: { value: undefined },
  step: ({ value }, { request, answer }) => {
    const code = answer?.['type'] === 'error' ? answer['code'] : undefined;
    switch (request['type']) {
      case 'write':
        return { value: request['value'] as number };
      case 'read':
        if (code === 20) return value === undefined ? { value } : undefined;
        return answer?.['value'] === value ? { value } : undefined;
      default:
        if (code === 20) return value === undefined ? { value } : undefined;
        if (code === 22) return value !== undefined && value !== request['from'] ? { value } : undefined;
        return value === request['from'] ? { value: request['to'] as number } : undefined;
    }
  },
  fingerprint: ({ value }) => String(value),
};

const KEYS = [0, 1, 2];
const CLIENTS = 5;
const CALLS_EACH = 120;
const SEARCHED = 5_000_000;

/** Whether a request is known not to have been done, and says nothing about the value. */
function isVoid(answer: Answer): boolean {
  return answer?.['type'] === 'error' && [10, 11, 12, 14].includes(answer['code'] as number);
}

function isUnknown(answer: Answer): boolean {
  return answer === undefined || (answer['type'] === 'error' && ![20, 22].includes(answer['code'] as number));
}

describe.skipIf(!etcdAvailable())('Maelstrom workload lin-kv over the consensus', () => {
  it('is linearizable while replicas are killed and frozen', { timeout: 240_000 }, async () => {
    const cluster = await startEtcd();
    const network = await Network.start(['--carga', 'lin-kv', '--replicas', cluster.addresses.join(',')], 3);
    const histories = new Map(KEYS.map((key): [number, Interval<Step>[]] => [key, []]));
    let clock = 0;
    let answered = 0;
    const random = new SeededRandom(5);

    const work = async (): Promise<void> => {
      let client: Client = network.client();
      for (let nth = 0; nth < CALLS_EACH; nth++) {
        const key = random.pick(KEYS);
        const request: Body = random.pick([
          { type: 'read', key },
          { type: 'write', key, value: random.int(0, 4) },
          { type: 'cas', key, from: random.int(0, 4), to: random.int(0, 4) },
        ]);
        const called = ++clock;
        const answer = await client.ask(random.pick(network.nodes), request, 5_000);
        const isOpen = isUnknown(answer);
        if (!isVoid(answer) && !(isOpen && request['type'] === 'read')) {
          histories
            .get(key)
            ?.push({ operation: { request, answer }, called, returned: isOpen ? undefined : ++clock });
        }
        if (!isOpen) answered++;
        // A client whose request has no answer is another one from then on.
        if (isOpen) client = network.client();
        await new Promise((resolve) => setTimeout(resolve, random.int(0, 20)));
      }
    };
    const faults = async (): Promise<void> => {
      await (await cluster.leader()).kill9();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await cluster.heal();
      const frozen = await cluster.leader();
      frozen.freeze();
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      await cluster.heal();
    };
    try {
      await Promise.all([...Array.from({ length: CLIENTS }, work), faults()]);
      expect(answered).toBeGreaterThan(CLIENTS * CALLS_EACH * 0.5);
      for (const [key, history] of histories) {
        expect([key, search(history, register, SEARCHED).linearizable]).toEqual([key, true]);
        // The checker itself: a value that was never written explains nothing.
        const wrong = { request: { type: 'read', key }, answer: { type: 'read_ok', value: 99 } };
        const last = { operation: wrong, called: ++clock, returned: ++clock };
        expect(search([...history, last], register, SEARCHED).linearizable).toBe(false);
      }
      expect(network.violations).toEqual([]);
      expect(await network.stop()).toEqual([0, 0, 0]);
    } finally {
      await cluster.stop();
    }
  });
});
