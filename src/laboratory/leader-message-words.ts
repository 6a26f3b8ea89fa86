import { bilingual, nounCount, quoted } from './bilingual.js';
import type { MessageWords, SpokenMessage } from './message-words.js';

/** A kind of message: what it is and what its sender did by it, in both languages. */
type Words = (
  message: SpokenMessage,
) => readonly [name: string, did: string, englishName: string, englishDid: string];

const WORDS: Readonly<Record<string, Words>> = {
  LEADER: ({ to }) => [
    ...(['o cumprimento', `cumprimentou ${to} como líder`] as const),
    ...(['the greeting', `greeted ${to} as leader`] as const),
  ],
  LEADER_OK: ({ to }) => [
    ...(['a resposta ao cumprimento', `aceitou ${to} como líder e disse até onde tem`] as const),
    ...(['the answer to the greeting', `took ${to} for leader and said how far it has come`] as const),
  ],
  LEADER_STALE: ({ to }) => [
    ...(['a recusa do cumprimento', `disse a ${to} que já ouviu um líder mais novo`] as const),
    ...(['the refusal of the greeting', `told ${to} that it has heard a later leader`] as const),
  ],
  SERVING: ({ to }) => [
    ...(['o aviso de que está em dia', `disse a ${to} que está em dia e pode atender`] as const),
    ...(['the word that it has caught up', `told ${to} that it has caught up and may serve`] as const),
  ],
  REPLICATION: ({ to, text }) => {
    const seq = text.number('seq') ?? '?';
    const what = `${quoted(text.text('chave'))} = ${quoted(text.text('valor'))}`;
    const version = text.number('timestamp') ?? '?';
    return [
      ...([`a escrita ${seq}`, `mandou a ${to} a escrita ${seq} (${what}, versão ${version})`] as const),
      ...([`write ${seq}`, `sent ${to} write ${seq} (${what}, version ${version})`] as const),
    ];
  },
  REMOVAL: ({ to, text }) => {
    const seq = text.number('seq') ?? '?';
    const key = quoted(text.text('chave'));
    return [
      ...([`a remoção ${seq}`, `mandou a ${to} a remoção ${seq} (de ${key})`] as const),
      ...([`removal ${seq}`, `sent ${to} removal ${seq} (of ${key})`] as const),
    ];
  },
  STEP: ({ to, text }) => {
    const range = `${text.number('seq') ?? '?'}–${text.number('ultimo') ?? '?'}`;
    return [
      ...([`o passo ${range}`, `avisou ${to} de que as mudanças ${range} são um passo só`] as const),
      ...([`step ${range}`, `told ${to} that changes ${range} are one step`] as const),
    ];
  },
  REPLICATION_OK: ({ to, text }) => {
    const seq = text.number('seq') ?? '?';
    return [
      ...([`a confirmação até ${seq}`, `confirmou a ${to} que tem tudo até ${seq}`] as const),
      ...([`the acknowledgement up to ${seq}`, `confirmed to ${to} that it holds all up to ${seq}`] as const),
    ];
  },
  STATE_REQUEST: ({ to }) => [
    ...(['o pedido de estado', `pediu a ${to} tudo o que tem`] as const),
    ...(['the request for the state', `asked ${to} for all that it holds`] as const),
  ],
  STATE_BEGIN: ({ to }) => [
    ...(['o começo do estado', `começou a dar o seu estado a ${to}`] as const),
    ...(['the beginning of the state', `began to give its state to ${to}`] as const),
  ],
  STATE_PAGE: ({ to, text }) => {
    const keys = nounCount(text.list('chaves').length, ['chave', 'chaves'], ['key', 'keys']);
    const [pt, en] = text.isTrue('fim') ? [' (a última)', ' (the last)'] : ['', ''];
    return [
      ...(['a página do estado', `deu a ${to} uma página com ${keys.pt}${pt}`] as const),
      ...(['the page of the state', `gave ${to} a page with ${keys.en}${en}`] as const),
    ];
  },
  STATE_OK: ({ to }) => [
    ...(['a confirmação da página', `disse a ${to} que tomou a página`] as const),
    ...(['the acknowledgement of the page', `told ${to} that it took the page`] as const),
  ],
  PING: ({ to }) => [
    ...(['o sinal de vida', `deu sinal de vida a ${to}`] as const),
    ...(['the sign of life', `gave ${to} a sign of life`] as const),
  ],
  PONG: ({ to }) => [
    ...(['a resposta ao sinal de vida', `respondeu ao sinal de vida de ${to}`] as const),
    ...(['the answer to the sign of life', `answered the sign of life of ${to}`] as const),
  ],
  FOLLOWER: ({ to }) => [
    ...(['o cumprimento de seguidor', `cumprimentou ${to} como seguidor`] as const),
    ...(['the greeting of a follower', `greeted ${to} as a follower`] as const),
  ],
  FOLLOWER_OK: ({ to }) => [
    ...(['a resposta ao seguidor', `aceitou ${to} como seguidor`] as const),
    ...(['the answer to the follower', `took ${to} for a follower`] as const),
  ],
  PUT: ({ to, text }) => {
    const what = `${quoted(text.text('chave'))} = ${quoted(text.text('valor'))}`;
    return [
      ...(['a escrita encaminhada', `encaminhou a ${to} a escrita ${what}`] as const),
      ...(['the forwarded write', `forwarded the write ${what} to ${to}`] as const),
    ];
  },
  OPERATION: ({ to, text }) => {
    const what = `${quoted(text.text('op'))} ${quoted(text.text('chave'))}`;
    return [
      ...(['o pedido encaminhado', `encaminhou a ${to} o pedido ${what}`] as const),
      ...(['the forwarded request', `forwarded the request ${what} to ${to}`] as const),
    ];
  },
  COMMIT: ({ to }) => [
    ...(['o passo encaminhado', `encaminhou a ${to} um passo com condições`] as const),
    ...(['the forwarded step', `forwarded a step with conditions to ${to}`] as const),
  ],
  PUT_OK: done,
  OPERATION_OK: done,
  COMMIT_OK: done,
  ERROR: ({ to, text }) => {
    const code = quoted(text.text('codigo') ?? text.text('code'));
    return [
      ...(['a recusa', `recusou o pedido de ${to} (${code})`] as const),
      ...(['the refusal', `refused the request of ${to} (${code})`] as const),
    ];
  },
  UNKNOWN_OUTCOME: ({ to }) => [
    ...(['a resposta sem certeza', `disse a ${to} que o resultado é desconhecido`] as const),
    ...(['the answer without certainty', `told ${to} that the outcome is unknown`] as const),
  ],
};

function done({ to }: SpokenMessage): ReturnType<Words> {
  return [
    ...(['a resposta', `respondeu a ${to} que todos têm a mudança`] as const),
    ...(['the answer', `answered ${to} that all hold the change`] as const),
  ];
}

/** What is said of the messages of the leader system (docs/PROTOCOL.md); `undefined`: of another kind. */
export function leaderMessage(message: SpokenMessage): MessageWords | undefined {
  if (!Object.hasOwn(WORDS, message.type)) return undefined;
  const [name, did, englishName, englishDid] = (WORDS[message.type] as Words)(message);
  return { name: bilingual(name, englishName), did: bilingual(did, englishDid) };
}
