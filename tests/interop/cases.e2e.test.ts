import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerCall } from '../../src/doors/grpc/protocol/server-call.js';
import type { Listener } from '../../src/doors/port/listen.js';
import { eventually } from '../support/eventually.js';
import { installedLibraries } from './clients.js';
import type { Caller } from './clients.js';
import { startTestService, testDescriptors } from './test-service.js';

const OK = 0;
const CANCELLED = 1;
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;

/** Sizes of the public cases. */
const REQUEST_SIZES = [27_182, 8, 1_828, 45_904];
const ANSWER_SIZES = [31_415, 9, 2_653, 58_979];

const rpc = (name: string): string => `/grpc.testing.TestService/${name}`;
const zeros = (size: number): object => ({ payload: { body: Buffer.alloc(size).toString('base64') } });
const bodySize = (answer: Record<string, unknown>): number =>
  Buffer.from((answer['payload'] as { body: string }).body, 'base64').length;

const pingPong = REQUEST_SIZES.map((size, i) => ({
  ...{ response_parameters: [{ size: ANSWER_SIZES[i] }], ...zeros(size) },
}));

const libraries = installedLibraries();

// The names are those of "gRPC Interop Test Case Descriptions".
describe.each(libraries)('public interoperability cases, $name', (library) => {
  let listener: Listener;
  let caller: Caller;

  beforeAll(async () => {
    listener = await startTestService();
    caller = await library.open({ descriptors: testDescriptors, port: listener.port });
  }, 90_000);
  afterAll(async () => {
    await caller.close();
    listener.cut();
    await listener.close();
  });

  it('empty_unary', async () => {
    expect(await caller.call({ rpc: rpc('EmptyCall'), requests: [{}] })).toMatchObject({
      ...{ code: OK, details: '', answers: [{}] },
    });
  });

  it('large_unary', async () => {
    const requests = [{ response_size: 314_159, ...zeros(271_828) }];
    const { code, answers } = await caller.call({ rpc: rpc('UnaryCall'), requests });
    expect([code, answers.map(bodySize)]).toEqual([OK, [314_159]]);
  });

  it('client_streaming', async () => {
    const outcome = await caller.call({
      rpc: rpc('StreamingInputCall'),
      requests: REQUEST_SIZES.map(zeros),
    });
    expect(outcome).toMatchObject({ code: OK, answers: [{ aggregated_payload_size: 74_922 }] });
  });

  it('server_streaming', async () => {
    const response_parameters = ANSWER_SIZES.map((size) => ({ size }));
    const outcome = await caller.call({
      rpc: rpc('StreamingOutputCall'),
      requests: [{ response_parameters }],
    });
    expect(outcome.code).toBe(OK);
    expect(outcome.answers.map(bodySize)).toEqual(ANSWER_SIZES);
  });

  it('ping_pong', async () => {
    const outcome = await caller.call({ rpc: rpc('FullDuplexCall'), requests: pingPong, inTurn: true });
    expect(outcome.code).toBe(OK);
    expect(outcome.answers.map(bodySize)).toEqual(ANSWER_SIZES);
  });

  it('empty_stream', async () => {
    const outcome = await caller.call({ rpc: rpc('FullDuplexCall'), requests: [] });
    expect(outcome).toMatchObject({ code: OK, answers: [] });
  });

  it('cancel_after_begin', async () => {
    const outcome = await caller.call({
      ...{ rpc: rpc('StreamingInputCall'), requests: [], held: true, cancelAfter: 0 },
    });
    expect(outcome).toMatchObject({ code: CANCELLED, answers: [] });
  });

  it('cancel_after_first_response', async () => {
    const outcome = await caller.call({
      ...{ rpc: rpc('FullDuplexCall'), requests: pingPong.slice(0, 1), held: true, cancelAfter: 1 },
    });
    expect(outcome.code).toBe(CANCELLED);
    expect(outcome.answers.map(bodySize)).toEqual([31_415]);
  });

  it('timeout_on_sleeping_server', async () => {
    // The public case waits 1 ms, which may be over before the call begins.
    for (const timeoutMs of [1, 150]) {
      const outcome = await caller.call({
        ...{ rpc: rpc('FullDuplexCall'), requests: [zeros(27_182)], held: true, timeoutMs },
      });
      expect(outcome).toMatchObject({ code: DEADLINE_EXCEEDED, answers: [] });
    }
  });

  it('custom_metadata', async () => {
    const initial = { 'x-grpc-test-echo-initial': 'test_initial_metadata_value' };
    const trailing = { 'x-grpc-test-echo-trailing-bin': Buffer.from([0xab, 0xab, 0xab]).toString('base64') };
    const metadata = { ...initial, ...trailing };
    for (const order of [
      { rpc: rpc('UnaryCall'), requests: [{ response_size: 314_159, ...zeros(271_828) }], metadata },
      { rpc: rpc('FullDuplexCall'), requests: pingPong, metadata },
    ]) {
      const outcome = await caller.call(order);
      expect(outcome).toMatchObject({ code: OK, initial, trailers: trailing });
      expect(outcome.answers).toHaveLength(order.requests.length);
    }
  });

  it.each([
    ['status_code_and_message', 'test status message'],
    ['special_status_message', '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n'],
    ['percent signs', '100% de %41 e %'],
    ['percent signs beside Unicode', '100% de %41çã %'],
  ])('%s', async (_, message) => {
    const response_status = { code: UNKNOWN, message };
    for (const name of ['UnaryCall', 'FullDuplexCall']) {
      const outcome = await caller.call({ rpc: rpc(name), requests: [{ response_status }] });
      expect(outcome).toMatchObject({ code: UNKNOWN, details: message, answers: [] });
    }
  });

  it('unimplemented_method and unimplemented_service', async () => {
    for (const order of [
      { rpc: rpc('UnimplementedCall'), requests: [{}] },
      { rpc: '/grpc.testing.UnimplementedService/UnimplementedCall', requests: [{}] },
    ]) {
      expect(await caller.call(order)).toMatchObject({ code: UNIMPLEMENTED, answers: [] });
    }
  });

  it('a request of 1 MiB is taken, and a larger one is refused with a status', async () => {
    // Two tags, a length of three bytes and one of two fields.
    const size = (bytes: number): number => bytes - 8;
    const send = (bytes: number) => caller.call({ rpc: rpc('UnaryCall'), requests: [zeros(size(bytes))] });
    expect(await send(1024 * 1024)).toMatchObject({ code: OK });
    for (const bytes of [1024 * 1024 + 1, 2 * 1024 * 1024]) {
      expect(await send(bytes)).toMatchObject({
        code: RESOURCE_EXHAUSTED,
        details: `a mensagem tem ${bytes} bytes; este servidor aceita até 1048576`,
      });
    }
    expect(await caller.call({ rpc: rpc('EmptyCall'), requests: [{}] })).toMatchObject({ code: OK });
  });

  it('a compressed request is refused with a status', async () => {
    const order = { rpc: rpc('UnaryCall'), requests: [zeros(5000)], compressed: true };
    const outcome = await caller.call(order);
    expect(outcome).toMatchObject({ code: UNIMPLEMENTED, answers: [] });
    expect(outcome.details).toContain('comprimidos');
  });
});

/** Other servers say "too many PINGs" at the third. Each library has a limit of its own for how often it sends them. */
const PINGS: Readonly<Record<string, number>> = { 'grpc-js': 30, grpcio: 4, 'grpc-go': 1 };

describe.each(libraries)('PINGs of $name', (library) => {
  it('are answered, however often they come', async () => {
    let pings = 0;
    const sessions = new Set<object>();
    const onCall = ({ connection: { session } }: ServerCall): void => {
      if (sessions.has(session)) return;
      sessions.add(session);
      session.on('ping', () => pings++);
    };
    const listener = await startTestService({ onCall });
    const { port } = listener;
    const caller = await library.open({ descriptors: testDescriptors, port, keepaliveMs: 50 });
    const held = caller.hold({ rpc: rpc('FullDuplexCall'), requests: pingPong, held: true });
    await eventually('answers', () => held.answered() === pingPong.length);
    await eventually('PINGs', () => pings >= PINGS[library.name]!);
    held.release();
    expect(await held.outcome).toMatchObject({ code: OK });
    expect(await caller.call({ rpc: rpc('EmptyCall'), requests: [{}] })).toMatchObject({ code: OK });
    expect(sessions.size).toBe(1);
    await caller.close();
    await listener.close();
  });
});
