import { encode, packBatch } from '../../src/engines/fleet/bus/encode-messages.js';
import type { Contact } from '../../src/engines/fleet/bus/contact.js';
import { KeyRing } from '../../src/engines/fleet/bus/seal/key-ring.js';
import { Sealer } from '../../src/engines/fleet/bus/seal/sealer.js';
import { topicOf } from '../../src/engines/fleet/bus/topics.js';
import type { Origin } from '../../src/core/dot.js';
import type { Message, PresenceMessage } from '../../src/ports/bus.js';
import type { SimKeys } from './sim-keys.js';
import type { SeededRandom } from './sim-random.js';
import type { Overheard } from './sim-sealed-network.js';

const RUBBISH = ['', '{}', 'kvs\x01', 'kvs\x01lixo', '{}\nkvs-selo/1 lote', '\n', 'null'];

/**
 * All that somebody can invent who does not have the key, in the name of an origin, for a server: nothing sealed, what
 * looks so, or sealed in order with a key that nobody has or had.
 */
export function forgeries(
  random: SeededRandom,
  keys: SimKeys,
  fleet: string,
  from: Origin,
  to: Origin,
): readonly Overheard[] {
  const messages = inventions(random, fleet, from, to);
  const kind = random.next();
  if (kind < 0.15) {
    const topic = topicOf(fleet, random.pick(messages));
    return [{ topic, payload: Buffer.from(random.pick(RUBBISH), 'latin1') }];
  }
  if (kind < 0.35)
    return messages.map((message) => ({ topic: topicOf(fleet, message), payload: encode(fleet, message) }));
  // Whoever took a key out had a reason.
  const key = kind < 0.8 && keys.removed.length > 0 ? random.pick(keys.removed) : keys.unknown();
  const sealer = new Sealer(from, {
    ring: new KeyRing(fleet, [key]),
    encrypts: random.chance(0.5),
    drawBytes: (count) => keys.drawBytes(count),
  });
  const connection = random.int(1, 5);
  return messages.map((message) => {
    const topic = topicOf(fleet, message);
    const purpose = message.type === 'batch' ? 'batch' : 'control';
    const isWill = message.type === 'presence' && message.state === 'leaving';
    const body = encode(fleet, message);
    const payload = isWill
      ? sealer.sealWill(topic, connection, body)
      : sealer.seal(topic, purpose, connection, body);
    return { topic, payload };
  });
}

/** A whole appearance: it lives, it is here, it has written, it goes. */
function inventions(random: SeededRandom, fleet: string, from: Origin, to: Origin): (Message | Contact)[] {
  const presence: PresenceMessage = {
    ...{ type: 'presence', origin: from, address: 'forjado', state: 'serving', wallMs: 1_700_000_000_000 },
    ...{ vectorDigest: '0'.repeat(64), storeHash: '0'.repeat(64), recent: [[from, 99]] },
  };
  const [key, value, timestamp] = ['alfa', 'forjado', 1_700_000_000_000] as const;
  const batch = {
    ...{ origin: from, first: random.int(1, 3), dependencies: [] },
    mutations: [{ kind: 'insert', key, value, version: 1, timestamp, context: [] } as const],
  };
  return [
    { type: 'challenge', from, to, presence },
    presence,
    { type: 'batch', batch, packed: packBatch(fleet, batch) },
    { type: 'logReply', from, to, id: random.int(1, 9), outcome: 'batches', batches: [batch], more: false },
    { ...presence, state: 'leaving' },
  ];
}
