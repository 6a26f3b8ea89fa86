import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemTime } from '../../../src/app/system-time.js';
import { Unanswered } from '../../../src/engines/consensus/etcd-client.js';
import type { Answered, EtcdCaller } from '../../../src/engines/consensus/etcd-client.js';
import { EtcdMember } from '../../../src/engines/consensus/etcd-member.js';
import { RANGE, TXN } from '../../../src/engines/consensus/etcd-messages.js';
import type {
  Header,
  Method,
  TxnRequest,
  TxnResponse,
} from '../../../src/engines/consensus/etcd-messages.js';
import { first, get, put, read, unchanged } from '../../../src/engines/consensus/etcd-requests.js';
import { READS_TOGETHER } from '../../../src/engines/consensus/group-forms.js';
import { groupLimits } from '../../../src/engines/consensus/limits.js';
import { defaultConsensusTuning } from '../../../src/engines/consensus/tuning.js';
import { TransactionGroups } from '../../../src/engines/consensus/transaction-groups.js';
import { promisesSettled } from '../../support/sim-time.js';

const now = { local: false };
const soon = { deadline: systemTime.monotonicMs() + 3_600_000, local: false };
// Never asked: whoever takes an answer looks at its member only to prefer it later.
const member = new EtcdMember('127.0.0.1:1', defaultConsensusTuning, systemTime);

const writeOf = (name: string, value = 'x'): TxnRequest => ({
  compare: [],
  success: [put(Buffer.from(name), Buffer.from(value))],
  failure: [],
});
const readOf = (name: string): TxnRequest => ({
  compare: [],
  success: [get(Buffer.from(name), now)],
  failure: [],
});

/** Requests that were sent, each to be answered or refused by the test. */
class Sent implements EtcdCaller {
  readonly requests: {
    readonly request: TxnRequest;
    answer(response: Partial<TxnResponse>, doubtful?: boolean): Promise<void>;
    refuse(error: Error): Promise<void>;
  }[] = [];

  call<Req, Res extends { readonly header: Header }>(
    _: Method<Req, Res>,
    request: Req,
  ): Promise<Answered<Res>> {
    return new Promise((resolve, reject) => {
      this.requests.push({
        request: request as TxnRequest,
        answer: (given, doubtful = false) => {
          const response = { header: { revision: 7 }, succeeded: true, responses: [], ...given };
          resolve({ response: response as unknown as Res, member, doubtful });
          return promisesSettled();
        },
        refuse: (error: Error) => {
          reject(error);
          return promisesSettled();
        },
      });
    });
  }

  sleep(): Promise<void> {
    return Promise.resolve();
  }

  /** The names that the request number `index` writes, one list for each of its transactions. */
  names(index: number): readonly string[] {
    const { success } = this.requests[index]!.request;
    return success.flatMap((op) => ('request_txn' in op ? op.request_txn.success : [op])).map(nameOf);
  }
}

function nameOf(op: TxnRequest['success'][number]): string {
  if ('request_put' in op) return op.request_put.key.toString();
  return 'request_range' in op ? op.request_range.key.toString() : '?';
}

/** Groups of which as many are on their way as may be, and what those after them are told. */
async function busy(): Promise<{ sent: Sent; groups: TransactionGroups; ask: Ask }> {
  const sent = new Sent();
  const groups = new TransactionGroups(sent, systemTime, { attemptMs: 1_000 });
  const ask: Ask = (request, options = soon) => groups.call(TXN, request, options);
  for (let i = 0; i < groupLimits.underWay; i++) void ask(writeOf(`antes ${i}`));
  await promisesSettled();
  expect(sent.requests).toHaveLength(groupLimits.underWay);
  return { sent, groups, ask };
}
type Ask = (request: TxnRequest, options?: typeof soon) => Promise<Answered<TxnResponse>>;

const inner = (succeeded: boolean): TxnResponse['responses'][number] => ({
  response_txn: { header: { revision: 0 }, succeeded, responses: [] },
});

describe('requests to the replicas that come while others are on their way', () => {
  it('go as they are, and at once, while few are on their way', async () => {
    const { sent } = await busy();
    expect(sent.requests.map((_, index) => sent.names(index))).toEqual([
      ...[['antes 0'], ['antes 1'], ['antes 2'], ['antes 3']],
    ]);
    expect(sent.requests[0]!.request).toEqual(writeOf('antes 0'));
  });

  it('go together with the next, and each is answered for itself, at the revision of all', async () => {
    const { sent, ask } = await busy();
    const asked = ['a', 'b', 'c'].map((name) => ask(writeOf(name)));
    await promisesSettled();
    expect(sent.requests).toHaveLength(4);
    await sent.requests[0]!.answer({});
    expect(sent.names(4)).toEqual(['a', 'b', 'c']);
    await sent.requests[4]!.answer({ responses: [inner(true), inner(false), inner(true)] }, true);
    const answers = await Promise.all(asked);
    expect(answers.map(({ response }) => response.succeeded)).toEqual([true, false, true]);
    expect(answers.map(({ response }) => response.header.revision)).toEqual([7, 7, 7]);
    expect(answers.map(({ doubtful }) => doubtful)).toEqual([true, true, true]);
  });

  it('make groups of a bounded number, and of bounded bytes', async () => {
    const { sent, ask } = await busy();
    const { requests, requestBytes, bytes } = groupLimits;
    for (let i = 0; i < requests + 3; i++) void ask(writeOf(`n${i}`));
    const large = 'x'.repeat(requestBytes - 10);
    const fitting = Math.floor(bytes / (requestBytes - 8));
    for (let i = 0; i < fitting + 1; i++) void ask(writeOf(`g${i % 10}`, large));
    for (let done = 0; done < 4; done++) await sent.requests[done]!.answer({});
    expect(sent.names(4)).toHaveLength(requests);
    expect(sent.names(5).slice(0, 4)).toEqual(['n32', 'n33', 'n34', 'g0']);
    expect(sent.names(5).length + sent.names(6).length).toBe(3 + fitting + 1);
    expect(sent.names(5).length).toBeLessThanOrEqual(3 + fitting);
  });

  it('never wait if they are long, hurried, or answered from one member’s own state', async () => {
    const { sent, groups, ask } = await busy();
    void ask(writeOf('longo', 'x'.repeat(groupLimits.requestBytes)));
    void ask(writeOf('com pressa'), { ...soon, deadline: systemTime.monotonicMs() + 900 });
    void ask(readOf('local'), { ...soon, local: true });
    const many = Array.from({ length: groupLimits.operations + 1 }, () => get(Buffer.from('muitas'), now));
    void ask({ compare: [], success: many, failure: [] });
    void groups.call(RANGE, { key: Buffer.from('outra') }, soon);
    await promisesSettled();
    expect(sent.requests).toHaveLength(9);
  });

  it('go by themselves if their group is refused: one of them may be the reason', async () => {
    const { sent, ask } = await busy();
    const asked = ['bom', 'ruim'].map((name) => ask(writeOf(name)));
    await sent.requests[0]!.answer({});
    await sent.requests[4]!.refuse(new Unanswered('refused', false, 'requested lease not found'));
    expect([sent.names(5), sent.names(6)]).toEqual([['bom'], ['ruim']]);
    await sent.requests[5]!.answer({});
    expect(await asked[0]).toMatchObject({ doubtful: false });
    const refusal = expect(asked[1]).rejects.toMatchObject({ meaning: 'refused', doubtful: false });
    await sent.requests[6]!.refuse(new Unanswered('refused', false, 'requested lease not found'));
    await refusal;
  });

  it('stay in doubt if their group may have been applied, whatever they are told afterwards', async () => {
    const { sent, ask } = await busy();
    const asked = ['um', 'dois', 'três'].map((name) => ask(writeOf(name)));
    const last = expect(asked[2]).rejects.toMatchObject({ meaning: 'notApplied', doubtful: true });
    await sent.requests[0]!.answer({});
    await sent.requests[4]!.refuse(new Unanswered('ambiguous', true, 'sem resposta'));
    await sent.requests[5]!.answer({});
    await sent.requests[6]!.answer({}, true);
    await sent.requests[7]!.refuse(new Unanswered('notApplied', false, 'sem tempo'));
    expect(await asked[0]).toMatchObject({ doubtful: true });
    expect(await asked[1]).toMatchObject({ doubtful: true });
    await last;
  });

  it('are asked again, in doubt, if the answer to their group does not speak of them', async () => {
    const { sent, ask } = await busy();
    const asked = ['dito', 'calado'].map((name) => ask(writeOf(name)));
    await sent.requests[0]!.answer({});
    await sent.requests[4]!.answer({ responses: [inner(true)] });
    expect(await asked[0]).toMatchObject({ doubtful: false });
    await sent.requests[5]!.answer({});
    expect(await asked[1]).toMatchObject({ doubtful: true });
  });

  it('end at once when the server stops', async () => {
    const { sent, ask } = await busy();
    const asked = ['um', 'dois'].map((name) => ask(writeOf(name)));
    const ended = asked.map((each) => expect(each).rejects.toMatchObject({ meaning: 'stopped' }));
    await sent.requests[0]!.answer({});
    await sent.requests[4]!.refuse(new Unanswered('stopped', false, 'parado'));
    await Promise.all(ended);
    expect(sent.requests).toHaveLength(5);
  });

  it('do not mix reads with writes, which would put the reads into the log of the replicas', async () => {
    const { sent, ask } = await busy();
    for (let i = 0; i < groupLimits.underWay; i++) void ask(readOf(`r${i}`));
    await promisesSettled();
    void ask(writeOf('w'));
    const reads = ['x', 'y'].map((name) => ask(readOf(name)));
    await sent.requests[4]!.answer({});
    expect(sent.requests[8]!.request.success.every((op) => 'request_range' in op)).toBe(true);
    expect(sent.names(8)).toEqual(['x', 'y']);
    const found = (text: string) => ({
      response_range: { kvs: [{ value: Buffer.from(text) }] },
    });
    await sent.requests[8]!.answer({ responses: [found('1'), found('2')] as never });
    const answers = await Promise.all(reads);
    expect(answers.map(({ response }) => read(response, 0)?.value.toString())).toEqual(['1', '2']);
  });
});

/** What etcd answers to a read: keys of a small store, with the revision of their last write. */
function etcdReads(
  store: ReadonlyMap<string, number>,
  { compare, success, failure }: TxnRequest,
): TxnResponse {
  const range = ({ key, limit = 0 }: { readonly key: Buffer; readonly limit?: number }) => {
    const from = key.toString();
    const names = limit > 0 ? [...store.keys()].filter((name) => name >= from).slice(0, limit) : [from];
    const kvs = names.flatMap((name) => {
      const revision = store.get(name);
      if (revision === undefined) return [];
      return [
        { key: Buffer.from(name), value: Buffer.from(`v${revision}`), mod_revision: revision, version: 1 },
      ];
    });
    return { response_range: { header: { revision: 9 }, kvs, more: false, count: kvs.length } };
  };
  const succeeded = compare.every(
    ({ key, mod_revision: revision }) => (store.get(key.toString()) ?? 0) === revision,
  );
  const responses = (succeeded ? success : failure).map((op) => {
    if ('request_range' in op) return range(op.request_range);
    throw new Error('not a read');
  });
  return { header: { revision: 9 }, succeeded, responses };
}

describe('reads that travel together', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const op = fc.oneof(
    name.map((key) => get(Buffer.from(key), now)),
    name.map((key) => first({ key: Buffer.from(key), range_end: Buffer.from('z') }, now)),
  );
  const request = fc.record({
    compare: fc.array(
      fc.tuple(name, fc.nat(3)).map(([key, revision]) => unchanged(Buffer.from(key), revision)),
      { maxLength: 2 },
    ),
    success: fc.array(op, { maxLength: 2 }),
    failure: fc.array(op, { maxLength: 2 }),
  });
  const store = fc
    .array(fc.tuple(name, fc.integer({ min: 1, max: 3 })))
    .map((entries) => new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1))));

  it('are answered as each would be by itself', () => {
    fc.assert(
      fc.property(store, fc.array(request, { minLength: 1, maxLength: 5 }), (keys, requests) => {
        const together = READS_TOGETHER.together(requests);
        expect(together.success).toHaveLength(
          requests.reduce((sum, one) => sum + READS_TOGETHER.weight(one), 0),
        );
        const apart = READS_TOGETHER.apart(requests, etcdReads(keys, together));
        expect(apart).toEqual(requests.map((one) => etcdReads(keys, one)));
      }),
    );
  });
});
