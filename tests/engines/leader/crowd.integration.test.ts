import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultDoorLimits } from '../../../src/doors/mensagem/door.js';
import { eventually } from '../../support/eventually.js';
import { openLeaderSystem } from '../../support/leader-nodes.js';
import type { LeaderSystem } from '../../support/leader-nodes.js';
import { MensagemClient } from '../../support/mensagem-client.js';

const PLACES = { connections: 20, serverConnections: 4 };

describe('a crowd that takes all places and sends only blank lines', () => {
  let system: LeaderSystem;
  let crowd: MensagemClient[];
  let talk: NodeJS.Timeout;

  beforeEach(async () => {
    system = await openLeaderSystem({ doorLimits: { ...defaultDoorLimits, ...PLACES } });
    crowd = [];
    // Never idle, and never anything that could be answered.
    talk = setInterval(() => {
      for (const stranger of crowd) if (!stranger.closed) stranger.write('\n');
    }, 100);
  });
  afterEach(async () => {
    clearInterval(talk);
    for (const stranger of crowd) stranger.close();
    await system.close();
  });

  const fill = async (index: number, more = 0): Promise<void> => {
    const all = PLACES.connections + PLACES.serverConnections + more;
    for (let n = 0; n < all; n++) crowd.push(await MensagemClient.open(system.addresses[index]!));
  };

  it('does not keep out a server that comes back', async () => {
    await system.nodes[0]!.stop();
    await Promise.all([fill(1), fill(2)]);
    // The leader looks for its followers at doors that are full.
    await system.start(0);
    await eventually('o sistema está inteiro', () =>
      system.nodes.every(({ serving, whole }) => serving && whole),
    );
  });

  it('does not keep out a client that says what it wants; one that already has stays', async () => {
    const early = await MensagemClient.open(system.addresses[1]!);
    expect(await early.ask({ tipo: 'GET', chave: 'x' })).toMatchObject({ tipo: 'NULL' });
    await fill(1);
    const late = await MensagemClient.open(system.addresses[1]!);
    expect(await late.ask({ tipo: 'PUT', chave: 'x', valor: 'y' })).toMatchObject({ tipo: 'PUT_OK' });
    await crowd[0]!.gone();
    expect(crowd[0]!.received).toMatchObject([{ tipo: 'ERROR', codigo: 'LIMITE_PEDIDOS' }]);
    await fill(1);
    expect(await early.ask({ tipo: 'GET', chave: 'x' })).toMatchObject({ tipo: 'GET_OK' });
    expect(await late.ask({ tipo: 'GET', chave: 'x' })).toMatchObject({ tipo: 'GET_OK' });
    crowd.push(early, late);
  });

  it('the oldest in the places for servers makes room for a newcomer; those that were there before stay', async () => {
    for (let n = 0; n < PLACES.connections; n++) {
      const client = await MensagemClient.open(system.addresses[1]!);
      crowd.push(client);
      await client.ask({ tipo: 'GET', chave: 'x' });
    }
    for (let n = 0; n < PLACES.serverConnections + 2; n++) {
      crowd.push(await MensagemClient.open(system.addresses[1]!));
    }
    const spare = crowd.slice(PLACES.connections);
    await Promise.all([spare[0]!.gone(), spare[1]!.gone()]);
    expect(spare[0]!.received).toMatchObject([{ tipo: 'ERROR', codigo: 'LIMITE_PEDIDOS' }]);
    expect(crowd.map(({ closed }) => closed).filter(Boolean)).toHaveLength(2);
    expect(system.nodes.every(({ whole }) => whole)).toBe(true);
  });
});
