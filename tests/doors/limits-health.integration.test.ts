import { expect, it } from 'vitest';
import { startUpkeep, UPKEEP_HEALTH } from '../../src/app/upkeep.js';
import { startDoors } from '../../src/doors/start.js';
import { defaultRetentionPace } from '../../src/engines/retention-pace.js';
import { RecordingLogger } from '../support/doors.js';
import { eventually } from '../support/eventually.js';
import { openLoopbackPair } from '../support/fleet-pair.js';
import { KvsClient } from '../support/kvs-client.js';
import { realTime } from '../support/real-time.js';

it('a client sees a limit come near, is refused with the reason, and sees room again', async () => {
  const pair = await openLoopbackPair({ entries: 10 });
  const { engine } = pair;
  const logger = new RecordingLogger();
  const options = { port: 0, engineHealth: 'kvs.frota', time: realTime, logger };
  const doors = await startDoors({ ...options, engine, conditions: UPKEEP_HEALTH });
  const upkeep = startUpkeep(engine, [], defaultRetentionPace, doors.setCondition, logger);
  doors.setServing(true);
  const client = new KvsClient(doors.port);
  const becomes = (status: string): Promise<unknown> =>
    eventually(status, async () => (await client.health('kvs.limites')) === status);
  const said = (message: string): number =>
    logger.lines.filter((line) => line.message.startsWith(message)).length;
  try {
    await becomes('SERVING');
    for (let n = 0; n < 8; n++) await client.insere(`chave ${n}`, 'valor');
    await becomes('NOT_SERVING');
    expect(upkeep.warnings()).toEqual([
      expect.stringMatching(/^perto do limite: versões guardadas.*: 8 de 10;/),
    ]);
    expect(said('perto do limite: versões guardadas')).toBe(1);
    for (let n = 8; n < 10; n++) await client.insere(`chave ${n}`, 'valor');
    for (let n = 0; n < 3; n++)
      await expect(client.insere('a mais', 'valor')).rejects.toThrow('limite atingido: 10 entradas');
    await eventually('it says so', () => said('limite atingido: versões guardadas') === 1);
    // Whatever else is there goes on: reads, removals, the server as a whole.
    expect(await client.health()).toBe('SERVING');
    for (let n = 0; n < 4; n++) await client.remove(`chave ${n}`);
    expect((await client.insere('a mais', 'valor')).versao).toBe(1);
    await becomes('SERVING');
    expect(upkeep.warnings()).toEqual([]);
    expect(said('há espaço de novo: versões guardadas')).toBe(1);
    expect(await client.health('kvs.retencao')).toBe('SERVING');
  } finally {
    upkeep.stop();
    client.close();
    await doors.stop(0);
    await pair.close();
  }
}, 60_000);
