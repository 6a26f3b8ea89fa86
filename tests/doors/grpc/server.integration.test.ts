import { createServer } from 'node:net';
import {
  loadPackageDefinition,
  status,
  type ClientDuplexStream,
  type ClientReadableStream,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import { connect } from '../../support/kvs-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { openStand, RecordingLogger, type Stand } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { SilentCall } from '../../support/silent-call.js';
import { describeService, listServices } from '../../support/reflection-client.js';
import { realTime } from '../../support/real-time.js';
import { verbs } from '../../support/verbs.js';

let stand: Stand<MemoryEngine>;
beforeEach(async () => {
  stand = await openStand();
});
afterEach(() => stand.close());

describe('health', () => {
  it('is NOT_SERVING until told otherwise', async () => {
    const doors = await startDoors({
      port: 0,
      engine: new MemoryEngine(),
      engineHealth: 'kvs.frota',
      time: realTime,
      logger: new RecordingLogger(),
    });
    const client = connect(doors.port);
    const all = () => Promise.all(['', 'kvs.KVS', 'kvs.frota'].map((name) => client.health(name)));
    expect(await all()).toEqual(['NOT_SERVING', 'NOT_SERVING', 'NOT_SERVING']);
    doors.setServing(true);
    expect(await all()).toEqual(['SERVING', 'SERVING', 'NOT_SERVING']);
    doors.setEngine(true);
    expect(await all()).toEqual(['SERVING', 'SERVING', 'SERVING']);
    doors.setServing(false);
    expect(await all()).toEqual(['NOT_SERVING', 'NOT_SERVING', 'SERVING']);
    doors.setEngine(false);
    expect(await all()).toEqual(['NOT_SERVING', 'NOT_SERVING', 'NOT_SERVING']);
    await expect(client.health('nada')).rejects.toMatchObject({ code: status.NOT_FOUND });
    client.close();
    await doors.stop(0);
  });

  it('tells its watchers', async () => {
    const seen: string[] = [];
    const watch = stand.client.watchHealth('kvs.frota');
    watch.on('data', (answer: { status: string }) => seen.push(answer.status));
    watch.on('error', () => undefined);
    await eventually('the present status', () => seen.length === 1);
    stand.doors.setEngine(true);
    await eventually('the change', () => seen.length === 2);
    expect(seen).toEqual(['NOT_SERVING', 'SERVING']);
    watch.cancel();
  });
});

describe('reflection', () => {
  it('lists the services', async () => {
    expect((await listServices(stand.client.raw)).sort()).toEqual([
      'KeyValueStore',
      'frota.Frota',
      'frota.v1.Loja',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'kvs.Copia',
      'kvs.KVS',
      'kvstore.KvStore',
      'project.KeyValueStore',
    ]);
  });

  it.each(['v1', 'v1alpha'] as const)(
    'describes kvs.KVS so that a client can call it (%s)',
    async (version) => {
      const files = await describeService(stand.client.raw, 'kvs.KVS', version);
      const described = loadFileDescriptorSetFromBuffer(fileSet(files));
      const service = described['kvs.KVS'] as unknown as Record<
        string,
        { requestStream: boolean; responseStream: boolean }
      >;
      expect(Object.entries(service).map(([name, m]) => [name, m.requestStream, m.responseStream])).toEqual([
        ['Insere', false, false],
        ['Consulta', false, false],
        ['Remove', false, false],
        ['InsereVarias', true, true],
        ['ConsultaVarias', true, true],
        ['RemoveVarias', true, true],
        ['Snapshot', false, true],
      ]);
      const packages = loadPackageDefinition(described);
      expect(packages).toHaveProperty('kvs.KVS');
    },
  );

  it.each(['KeyValueStore', 'project.KeyValueStore', 'kvstore.KvStore'])(
    'describes %s and each of its methods and messages by the names that clients use',
    async (name) => {
      const described = loadFileDescriptorSetFromBuffer(
        fileSet(await describeService(stand.client.raw, name, 'v1')),
      );
      expect(described).toHaveProperty([name, 'Get', 'path'], `/${name}/Get`);
      const request = name.replace(/\w+$/, name === 'kvstore.KvStore' ? 'GetRequest' : 'KeyRequest');
      for (const symbol of [`${name}.Get`, request, `${request}.key`]) {
        const files = await describeService(stand.client.raw, symbol, 'v1alpha');
        expect(loadFileDescriptorSetFromBuffer(fileSet(files)), symbol).toHaveProperty([name]);
      }
    },
  );

  it('describes health by a descriptor that protobuf accepts', async () => {
    const files = await describeService(stand.client.raw, 'grpc.health.v1.Health', 'v1');
    const described = loadFileDescriptorSetFromBuffer(fileSet(files), { keepCase: true, enums: String });
    expect(described).toHaveProperty(['grpc.health.v1.Health']);
    // Every implementation demands that the entry of a map field is called <Field>Entry; protobufjs alone does not.
    const file = fileDescriptor.deserialize(files[0] ?? Buffer.alloc(0));
    const list = file.messageType?.find((message) => message.name === 'HealthListResponse');
    expect(list?.nestedType).toMatchObject([{ name: 'StatusesEntry', options: { mapEntry: true } }]);
    expect(list?.field).toMatchObject([{ name: 'statuses', typeName: 'StatusesEntry' }]);
  });

  it('calls health by what reflection said', async () => {
    const files = await describeService(stand.client.raw, 'grpc.health.v1.Health', 'v1');
    const described = loadFileDescriptorSetFromBuffer(fileSet(files), { enums: String });
    const type = (name: string) => described[name] as MessageTypeDefinition<object, object>;
    const answer = await new Promise((resolve, reject) => {
      stand.client.raw.makeUnaryRequest(
        '/grpc.health.v1.Health/List',
        type('grpc.health.v1.HealthListRequest').serialize,
        type('grpc.health.v1.HealthListResponse').deserialize,
        {},
        (error, value) => {
          if (error === null) resolve(value);
          else reject(error);
        },
      );
    });
    expect(answer).toMatchObject({
      // protobufjs does not make a map of entries when a descriptor says so; the bytes are the same.
      statuses: [
        { key: '', value: { status: 'SERVING' } },
        { key: 'kvs.KVS', value: { status: 'SERVING' } },
        { key: 'KeyValueStore', value: { status: 'SERVING' } },
        { key: 'project.KeyValueStore', value: { status: 'SERVING' } },
        { key: 'kvs.Copia', value: { status: 'SERVING' } },
        { key: 'kvstore.KvStore', value: { status: 'SERVING' } },
        { key: 'frota.v1.Loja', value: { status: 'SERVING' } },
        { key: 'kvs.frota', value: { status: 'NOT_SERVING' } },
      ],
    });
  });
});

describe('listening', () => {
  const start = (port: number, host?: string) =>
    startDoors({
      port,
      host,
      engine: new MemoryEngine(),
      engineHealth: 'kvs.frota',
      time: realTime,
      logger: new RecordingLogger(),
    });

  it('refuses a port that another server of ours has, in one line', async () => {
    const error: unknown = await start(stand.doors.port).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'PORTA_EM_USO',
      message: `a porta já está em uso: 127.0.0.1:${String(stand.doors.port)}`,
    });
  });

  it('refuses a port that any program has', async () => {
    const program = createServer();
    await new Promise<void>((resolve) => program.listen(0, '127.0.0.1', resolve));
    const address = program.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(start(port)).rejects.toMatchObject({ code: 'PORTA_EM_USO' });
    await new Promise((resolve) => program.close(resolve));
  });

  it.each([['192.0.2.1'], ['isto não é um endereço']])('refuses the address %j', async (host) => {
    await expect(start(0, host)).rejects.toMatchObject({ code: 'CONFIGURACAO' });
  });

  it('frees its port', async () => {
    const first = await start(0);
    await first.stop(0);
    const second = await start(first.port);
    expect(second.port).toBe(first.port);
    await second.stop(0);
  });
});

describe('an operation that the server does not have', () => {
  const asked = (path: string): Promise<unknown> =>
    new Promise((resolve) => {
      const same = (bytes: Buffer): Buffer => bytes;
      stand.client.raw.makeUnaryRequest(path, same, same, Buffer.alloc(0), resolve);
    });

  it('is named, so that a client can say who has it', async () => {
    expect(await asked('/project.PortalMatricula/ListaAlunos')).toMatchObject({
      code: status.UNIMPLEMENTED,
      details: 'este servidor não tem a operação /project.PortalMatricula/ListaAlunos',
    });
  });

  it('is named only in part when its name is long', async () => {
    const { details } = (await asked(`/${'x'.repeat(10_000)}`)) as { details: string };
    expect(details.length).toBeLessThan(200);
  });
});

describe('stopping', () => {
  it('waits for nothing when nothing is open, and stops once', async () => {
    expect((await stand.client.insere('chave', 'valor')).versao).toBe(1);
    const stopped = stand.doors.stop(60_000);
    expect(stand.doors.stop(60_000)).toBe(stopped);
    await stopped;
    await expect(stand.client.insere('chave', 'valor')).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it('ends streams and watches that nobody would end, with UNAVAILABLE', async () => {
    const statuses: Promise<unknown>[] = [];
    const remember = (
      call: ClientDuplexStream<object, { versao: number }> | ClientReadableStream<{ status: string }>,
    ) => {
      call.on('error', () => undefined);
      statuses.push(
        new Promise((resolve) => call.on('status', ({ code }: { code: status }) => resolve(code))),
      );
    };
    const stream = stand.client.open<{ versao: number }>('InsereVarias');
    remember(stream);
    const answer = new Promise((resolve) => stream.once('data', resolve));
    stream.write({ chave: 'chave', valor: 'valor' });
    expect(await answer).toEqual({ versao: 1 });
    const watch = stand.client.watchHealth();
    remember(watch);
    const seen: string[] = [];
    watch.on('data', (value: { status: string }) => seen.push(value.status));
    await eventually('the present status', () => seen.length === 1);

    await stand.doors.stop(60_000);
    expect(await Promise.all(statuses)).toEqual([status.UNAVAILABLE, status.UNAVAILABLE]);
    expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
  });

  it('cuts what is left after the deadline, and says so', async () => {
    for (let i = 0; i < 50_000; i++) verbs(stand.engine).insert(`chave ${String(i)}`, 'v'.repeat(100));
    const silent = new SilentCall(stand.doors.port, '/kvs.KVS/Snapshot');
    silent.send(Buffer.alloc(5));
    silent.halfClose();
    await eventually('the snapshot has begun', () => stand.engine.rowsRead > 0);
    await stand.doors.stop(100);
    expect(stand.logger.lines.map((line) => line.level)).toContain('warn');
    expect(stand.engine.rowsRead).toBeLessThan(50_000);
    silent.disconnect();
  });
});

const fileDescriptor = loadSync('google/protobuf/descriptor.proto', { longs: String })[
  'google.protobuf.FileDescriptorProto'
] as MessageTypeDefinition<
  object,
  {
    messageType?: {
      name: string;
      field?: { name: string; typeName?: string }[];
      nestedType?: { name: string; options?: { mapEntry?: boolean } }[];
    }[];
  }
>;

/** A FileDescriptorSet: each file as field 1. */
function fileSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(
    files.flatMap((file) => [Buffer.from([0x0a, (file.length & 0x7f) | 0x80, file.length >>> 7]), file]),
  );
}
