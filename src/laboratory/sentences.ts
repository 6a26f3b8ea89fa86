import { bilingual, nounCount, quoted, spanOf } from './bilingual.js';
import type { BothLanguages, SentenceLanguage } from './bilingual.js';
import { messageWords } from './message-words.js';
import type { MessageWords } from './message-words.js';
import type {
  CallAnswered,
  CallMade,
  HostChanged,
  MessageMissed,
  MessageReceived,
  MessageSent,
  RecordedEvent,
  RecordingHeader,
} from './recording.js';

/** What a sentence needs to know beside its event. */
export interface SentenceContext {
  readonly header: RecordingHeader;
  sent(message: string): MessageSent | undefined;
  made(call: string): CallMade | undefined;
  /** A short name for an origin: that of its server, if it is known. */
  readonly nameOf?: (origin: string) => string;
}

/** What happened in an event, in one sentence. Keys and values in it are short and in one line. */
export function eventSentence(
  event: RecordedEvent,
  context: SentenceContext,
  language: SentenceLanguage,
): string {
  return bilingualSentence(event, context)[language];
}

function bilingualSentence(event: RecordedEvent, context: SentenceContext): BothLanguages {
  const { host } = event;
  switch (event.kind) {
    case 'sent': {
      const { did } = wordsOf(event, context);
      return bilingual(`${host} ${did.pt}`, `${host} ${did.en}`);
    }
    case 'relayed':
    case 'received':
    case 'dropped':
    case 'missed': {
      const sent = context.sent(event.message);
      if (sent === undefined) return bilingual(`${host}: ${event.kind}`, `${host}: ${event.kind}`);
      const { name } = wordsOf(sent, context);
      const whose = bilingual(`${name.pt} de ${sent.host}`, `${name.en} of ${sent.host}`);
      if (event.kind === 'received') return received(event, whose);
      if (event.kind === 'dropped') return dropped(host, sent.host, whose);
      if (event.kind === 'missed') return missed(event, whose);
      return bilingual(
        `${host} recebeu ${whose.pt} e passa adiante`,
        `${host} got ${whose.en} and passes it on`,
      );
    }
    case 'call':
      return call(event);
    case 'answer':
      return answer(event, context.made(event.call));
    case 'host':
      return changed(event);
    case 'state': {
      const keys = nounCount(event.keys, ['chave', 'chaves'], ['key', 'keys']);
      const versions = nounCount(event.versions, ['versão', 'versões'], ['version', 'versions']);
      const hash = quoted(event.storeHash.slice(0, 8));
      return bilingual(
        `${host} guarda agora ${keys.pt} e ${versions.pt} (hash ${hash})`,
        `${host} now holds ${keys.en} and ${versions.en} (hash ${hash})`,
      );
    }
    case 'mark':
      return bilingual(`Marca: ${markText(event.text)}`, `Mark: ${markText(event.text)}`);
  }
}

function wordsOf(sent: MessageSent, { header, nameOf }: SentenceContext): MessageWords {
  const isOfReplica = header.hosts.some(({ id, kind }) => id === sent.host && kind === 'replica');
  return messageWords(header.engine, sent, isOfReplica, nameOf);
}

function received({ host, effect, applied }: MessageReceived, whose: BothLanguages): BothLanguages {
  switch (effect) {
    case 'applied': {
      const changes = nounCount(applied ?? 1, ['mudança', 'mudanças'], ['change', 'changes']);
      return bilingual(
        `${host} aplicou ${whose.pt}: ${changes.pt}`,
        `${host} applied ${whose.en}: ${changes.en}`,
      );
    }
    case 'known':
      return bilingual(`${host} já tinha tudo d${whose.pt}`, `${host} had all of ${whose.en} already`);
    case 'held':
      return bilingual(
        `${host} guarda ${whose.pt} até ter o que vem antes`,
        `${host} keeps ${whose.en} until it has what comes before`,
      );
    case 'noted':
      return bilingual(`${host} anotou ${whose.pt}`, `${host} noted ${whose.en}`);
    case 'answered':
      return bilingual(`${host} recebeu ${whose.pt} e responde`, `${host} got ${whose.en} and answers`);
    case 'ignored':
      return bilingual(`${host} recebeu ${whose.pt}, sem efeito`, `${host} got ${whose.en}, without effect`);
  }
}

function dropped(host: string, sender: string, whose: BothLanguages): BothLanguages {
  return host === sender
    ? bilingual(
        `O laboratório descartou ${whose.pt} ao sair`,
        `The laboratory dropped ${whose.en} as it left`,
      )
    : bilingual(
        `O laboratório descartou ${whose.pt} ao chegar a ${host}`,
        `The laboratory dropped ${whose.en} as it came to ${host}`,
      );
}

function missed({ host, why }: MessageMissed, whose: BothLanguages): BothLanguages {
  return why === 'isolated'
    ? bilingual(
        `${host} não recebeu ${whose.pt}: estava isolado`,
        `${host} did not get ${whose.en}: it was isolated`,
      )
    : bilingual(
        `${host} não recebeu ${whose.pt}, que o laboratório descartou`,
        `${host} did not get ${whose.en}, which the laboratory dropped`,
      );
}

const OPERATIONS: Readonly<Record<CallMade['operation'], BothLanguages>> = {
  insert: bilingual('escrever', 'to write'),
  query: bilingual('ler', 'to read'),
  remove: bilingual('remover', 'to remove'),
  history: bilingual('histórico de', 'for the history of'),
  compare: bilingual('comparar e escrever', 'to compare and write'),
};

function call({ host, client, operation, key, value, version, isSession, confirm }: CallMade): BothLanguages {
  const verb = OPERATIONS[operation];
  const what = value === undefined ? quoted(key) : `${quoted(key)} = ${quoted(value)}`;
  const extras = [
    ...(version === undefined ? [] : [bilingual(`versão ${version}`, `version ${version}`)]),
    ...(isSession === true ? [bilingual('com sessão', 'with a session')] : []),
    ...(confirm === undefined
      ? []
      : [bilingual(`confirmado por mais ${confirm}`, `confirmed by ${confirm} more`)]),
  ];
  const more = (language: SentenceLanguage): string =>
    extras.length === 0 ? '' : ` (${extras.map((one) => one[language]).join(', ')})`;
  return bilingual(
    `${client} pediu a ${host}: ${verb.pt} ${what}${more('pt')}`,
    `${client} asked ${host} ${verb.en} ${what}${more('en')}`,
  );
}

function answer({ host, code, message, lines }: CallAnswered, made: CallMade | undefined): BothLanguages {
  const client = made?.client ?? '?';
  if (code === 'SEM_RESPOSTA') {
    return bilingual(
      `${client} ficou sem resposta de ${host}: ninguém sabe o que houve`,
      `${client} got no answer of ${host}: nobody knows what happened`,
    );
  }
  if (code !== 'OK') {
    const why = message === '' ? '' : `: ${quoted(message)}`;
    return bilingual(
      `${host} recusou o pedido de ${client}, ${code}${why}`,
      `${host} refused ${client}, ${code}${why}`,
    );
  }
  const [line] = lines;
  if (made?.operation === 'history') {
    const versions = nounCount(lines.length, ['versão', 'versões'], ['version', 'versions']);
    const heads = lines.filter(({ isHead }) => isHead).length;
    const which =
      heads > 1
        ? bilingual(`, ${heads} delas concorrentes`, `, ${heads} of them concurrent`)
        : bilingual('', '');
    return bilingual(
      `${host} respondeu a ${client}: ${versions.pt}${which.pt}`,
      `${host} answered ${client}: ${versions.en}${which.en}`,
    );
  }
  if (line === undefined)
    return bilingual(`${host} respondeu a ${client}: feito`, `${host} answered ${client}: done`);
  return bilingual(
    `${host} respondeu a ${client}: ${quoted(line.value)}, versão ${line.version}`,
    `${host} answered ${client}: ${quoted(line.value)}, version ${line.version}`,
  );
}

function changed({ host, change, amount = 0 }: HostChanged): BothLanguages {
  switch (change) {
    case 'started':
      return bilingual(`${host} foi iniciado`, `${host} was started`);
    case 'serving':
      return bilingual(`${host} está em dia e atende`, `${host} has caught up and serves`);
    case 'isolated':
      return bilingual(
        `${host} foi isolado: não fala com os outros`,
        `${host} was isolated: it does not speak to others`,
      );
    case 'connected':
      return bilingual(`${host} foi ligado de volta`, `${host} was connected again`);
    case 'killed':
      return bilingual(`${host} foi morto, sem aviso`, `${host} was killed, without warning`);
    case 'ended':
      return bilingual(`${host} terminou`, `${host} ended`);
    case 'leads':
      return bilingual(`${host} é o líder agora`, `${host} is the leader now`);
    case 'hosts':
      return bilingual(`O broker está embutido em ${host} agora`, `The broker runs within ${host} now`);
    case 'clock': {
      const span = spanOf(amount);
      if (amount === 0)
        return bilingual(`O relógio de ${host} está certo de novo`, `The clock of ${host} is right again`);
      return bilingual(
        `O relógio de ${host} anda ${span.pt} ${amount > 0 ? 'adiantado' : 'atrasado'}`,
        `The clock of ${host} runs ${span.en} ${amount > 0 ? 'ahead' : 'behind'}`,
      );
    }
    case 'loss': {
      const share = `${Math.round(amount * 1_000) / 10} %`;
      return amount === 0
        ? bilingual(`${host} não perde mais mensagens`, `${host} loses messages no more`)
        : bilingual(
            `${host} perde ${share.replace('.', ',')} das mensagens`,
            `${host} loses ${share} of the messages`,
          );
    }
  }
}

const MARK_CHARS = 200;

function markText(text: string): string {
  const short = text.slice(0, MARK_CHARS);
  return short === text ? oneLine(text) : `${oneLine(short)}…`;
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
