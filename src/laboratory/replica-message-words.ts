import { bilingual, nounCount } from './bilingual.js';
import type { MessageText } from './message-text.js';
import type { MessageWords, SpokenMessage } from './message-words.js';

/** What is said of requests to the replicas of the consensus engine and of their answers; `undefined`: of another kind. */
export function replicaMessage({ type, text, to, isOfReplica }: SpokenMessage): MessageWords | undefined {
  switch (type) {
    case 'Txn':
      return isOfReplica ? txnAnswer(text, to) : txn(text, to);
    case 'Range':
      return isOfReplica ? rangeAnswer(text, to) : range(to);
    case 'Watch':
      return isOfReplica ? watchAnswer(text, to) : watch(to);
    default:
      return type.startsWith('Lease') ? lease(type, to, isOfReplica) : undefined;
  }
}

function txn(text: MessageText, to: string): MessageWords {
  const operations = text.list('success');
  // Calls that came at once: each has its own conditions.
  const shared = operations.filter((op) => op.has('request_txn')).length;
  if (shared > 0) {
    return {
      name: bilingual('as transações', 'the transactions'),
      did: bilingual(
        `pediu a ${to} ${shared} transações de uma vez, cada uma com as suas condições`,
        `asked ${to} for ${shared} transactions at once, each with its own conditions`,
      ),
    };
  }
  const writes = operations.filter((op) => !op.has('request_range')).length;
  const conditions = text.list('compare').length;
  const what = nounCount(writes, ['escrita', 'escritas'], ['write', 'writes']);
  const when = nounCount(conditions, ['condição', 'condições'], ['condition', 'conditions']);
  return {
    name: bilingual('a transação', 'the transaction'),
    did: bilingual(
      `pediu a ${to} uma transação (${what.pt} sob ${when.pt})`,
      `asked ${to} for a transaction (${what.en} under ${when.en})`,
    ),
  };
}

function txnAnswer(text: MessageText, to: string): MessageWords {
  const isDone = text.isTrue('succeeded');
  return {
    name: bilingual('a resposta da transação', 'the answer to the transaction'),
    did: isDone
      ? bilingual(
          `respondeu a ${to}: feita, a maioria a tem em disco`,
          `answered ${to}: done, a majority has it on disk`,
        )
      : bilingual(
          `respondeu a ${to}: as condições não valiam, nada foi feito`,
          `answered ${to}: the conditions did not hold, nothing was done`,
        ),
  };
}

function range(to: string): MessageWords {
  return {
    name: bilingual('a leitura', 'the read'),
    did: bilingual(`pediu a ${to} uma leitura`, `asked ${to} for a read`),
  };
}

function rangeAnswer(text: MessageText, to: string): MessageWords {
  const rows = nounCount(text.list('kvs').length, ['registro', 'registros'], ['record', 'records']);
  return {
    name: bilingual('a resposta da leitura', 'the answer to the read'),
    did: bilingual(`respondeu a ${to} com ${rows.pt}`, `answered ${to} with ${rows.en}`),
  };
}

function watch(to: string): MessageWords {
  return {
    name: bilingual('o pedido de mudanças', 'the request for changes'),
    did: bilingual(`pediu a ${to} que conte as mudanças`, `asked ${to} to tell of changes`),
  };
}

function watchAnswer(text: MessageText, to: string): MessageWords {
  const changes = nounCount(text.list('events').length, ['mudança', 'mudanças'], ['change', 'changes']);
  return {
    name: bilingual('o relato de mudanças', 'the report of changes'),
    did: bilingual(`contou a ${to} ${changes.pt}`, `told ${to} of ${changes.en}`),
  };
}

function lease(type: string, to: string, isOfReplica: boolean): MessageWords {
  return isOfReplica
    ? {
        name: bilingual(`a resposta de ${type}`, `the answer to ${type}`),
        did: bilingual(
          `respondeu a ${to} sobre um prazo (${type})`,
          `answered ${to} about a lease (${type})`,
        ),
      }
    : {
        name: bilingual(`o pedido de ${type}`, `the request for ${type}`),
        did: bilingual(`pediu a ${to} um prazo (${type})`, `asked ${to} for a lease (${type})`),
      };
}
