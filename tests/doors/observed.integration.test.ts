import { afterEach, describe, expect, it } from 'vitest';
import { CallCounts } from '../../src/call/observe.js';
import { startDoors } from '../../src/doors/start.js';
import { accessControl } from '../../src/security/access/control.js';
import { TableStand } from '../security/access/support.js';
import { DoorClient, loadService } from '../support/door-client.js';
import { RecordingLogger } from '../support/doors.js';
import { connect } from '../support/kvs-client.js';
import { openLeaderSystem } from '../support/leader-nodes.js';
import { outcomesOf } from '../support/memory-call.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { MensagemClient } from '../support/mensagem-client.js';
import { realTime } from '../support/real-time.js';

/** Every outcome of every call is seen, whatever door it came by. Of the portal's topics: tests/portal/gateway.test.ts. */
describe('what is observed of each call', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const open = async (more: Partial<Parameters<typeof startDoors>[0]> = {}) => {
    const logger = new RecordingLogger();
    const counts = new CallCounts(logger);
    const doors = await startDoors({
      ...{ port: 0, engine: new MemoryEngine(), engineHealth: 'kvs.frota', time: realTime, logger },
      ...{ observe: counts.observe, ...more },
    });
    const client = connect(doors.port);
    closing.push(
      () => doors.stop(0),
      () => client.close(),
    );
    return { doors, client, counts };
  };

  it('gRPC: requests, conversations request by request, lines at the end', async () => {
    const { doors, client, counts } = await open();
    await client.insere('chave', 'valor');
    await client.consulta('nenhuma');
    await client.insereVarias([
      ['outra', 'valor'],
      ['x', 'valor'],
      ['terceira', 'valor'],
    ]);
    await client.snapshot();
    const directory = new DoorClient(loadService('frota.proto', 'frota.Frota'), doors.port);
    await directory.unary('Servidores', {});
    directory.close();
    expect(outcomesOf(counts)).toEqual([
      'grpc /frota.Frota/Servidores OK 1',
      'grpc /kvs.KVS/Consulta CHAVE_INEXISTENTE 1',
      'grpc /kvs.KVS/Insere OK 1',
      'grpc /kvs.KVS/InsereVarias CHAVE_CURTA 1',
      'grpc /kvs.KVS/InsereVarias OK 2',
      'grpc /kvs.KVS/Snapshot OK 1',
    ]);
    for (const { durations } of counts.all()) expect(durations.totalMs).toBeGreaterThan(0);
  });

  it('gRPC: a caller that is refused, and one in a conversation that the server ends', async () => {
    const stranger = await open({ access: accessControl(new TableStand().table) });
    const refused = [
      stranger.client.insere('chave', 'valor'),
      stranger.client.insereVarias([['chave', 'valor']]),
      stranger.client.snapshot(),
    ];
    await Promise.allSettled(refused);
    expect(outcomesOf(stranger.counts)).toEqual([
      'grpc /kvs.KVS/Insere NAO_AUTENTICADO 1',
      'grpc /kvs.KVS/InsereVarias NAO_AUTENTICADO 1',
      'grpc /kvs.KVS/Snapshot NAO_AUTENTICADO 1',
    ]);
    const { doors, client, counts } = await open();
    const stream = client.open<{ versao: number }>('InsereVarias');
    stream.on('error', () => undefined);
    const answered = new Promise((resolve) => stream.once('data', resolve));
    stream.write({ chave: 'chave', valor: 'valor' });
    await answered;
    await doors.stop(1_000);
    expect(outcomesOf(counts)).toEqual([
      'grpc /kvs.KVS/InsereVarias OK 1',
      'grpc /kvs.KVS/InsereVarias SERVIDOR_SAINDO 1',
    ]);
  });

  it('Mensagem: PUT and GET', { timeout: 30_000 }, async () => {
    const counts = new CallCounts(new RecordingLogger());
    const system = await openLeaderSystem({ observe: counts.observe });
    closing.push(() => system.close());
    const client = await MensagemClient.open(system.addresses[0]!);
    closing.push(() => client.close());
    expect(await client.ask({ tipo: 'PUT', chave: 'chave', valor: 'valor' })).toMatchObject({
      tipo: 'PUT_OK',
    });
    expect(await client.ask({ tipo: 'GET', chave: 'chave' })).toMatchObject({ tipo: 'GET_OK' });
    expect(outcomesOf(counts)).toEqual(['mensagem GET OK 1', 'mensagem PUT OK 1']);
  });
});
