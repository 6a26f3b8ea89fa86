import { bilingual } from './bilingual.js';
import type { BothLanguages } from './bilingual.js';
import { fleetMessage } from './fleet-message-words.js';
import { leaderMessage } from './leader-message-words.js';
import { MessageText } from './message-text.js';
import type { MessageSent, RecordedEngine } from './recording.js';
import { replicaMessage } from './replica-message-words.js';

/** What is said of a message. */
export interface MessageWords {
  /** What it is, as an object: `o lote 3`, `batch 3`. */
  readonly name: BothLanguages;
  /** What its sender did by it, as a predicate: `publicou o lote 3`, `published batch 3`. */
  readonly did: BothLanguages;
}

/** A message as its words are made from it. */
export interface SpokenMessage {
  readonly type: string;
  readonly text: MessageText;
  /** Whom it is for; empty: everybody. */
  readonly to: string;
  /** Whether a replica sent it. */
  readonly isOfReplica: boolean;
  /** A short name for an origin: that of its server, if it is known. */
  readonly nameOf: (origin: string) => string;
}

/** What a message is and what its sender did by it. A message of a kind that is not known has its type for a name. */
export function messageWords(
  engine: RecordedEngine,
  sent: MessageSent,
  isOfReplica: boolean,
  nameOf: (origin: string) => string = (origin) => origin,
): MessageWords {
  const message = {
    type: sent.type,
    text: MessageText.of(sent.body),
    to: sent.to ?? '',
    isOfReplica,
    nameOf,
  };
  return byEngine(engine, message) ?? anyMessage(message);
}

function byEngine(engine: RecordedEngine, message: SpokenMessage): MessageWords | undefined {
  switch (engine) {
    case 'frota':
      return fleetMessage(message);
    case 'lider':
      return leaderMessage(message);
    case 'consenso':
      return replicaMessage(message);
  }
}

function anyMessage({ type, to }: SpokenMessage): MessageWords {
  const name = bilingual(`a mensagem ${type}`, `the message ${type}`);
  const goal = to === '' ? bilingual('', '') : bilingual(` a ${to}`, ` to ${to}`);
  return { name, did: bilingual(`enviou ${name.pt}${goal.pt}`, `sent ${name.en}${goal.en}`) };
}
