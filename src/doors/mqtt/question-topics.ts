/** Where questions come in, and where their answers may go. Pure. */
import { KvsError } from '../../core/errors.js';
import type { IncomingMessage } from '../../ports/topics.js';
import { isPublishable, PARTS } from './topic-names.js';
import type { FleetTopics } from './topic-names.js';

/** A question, as far as its topic tells. */
interface AskedTopic {
  /** Where the answer goes, or why it can go nowhere. */
  readonly answerTo: string | KvsError;
  /** `<cliente>` of `pede/<cliente>/<pedido>`; `undefined`: somebody at `pede`. */
  readonly client: string | undefined;
}

/** What the topic of a message tells of a question; `undefined` if it is none. */
export function askedTopic(topics: FleetTopics, message: IncomingMessage): AskedTopic | undefined {
  const { topic, responseTopic } = message;
  if (topic === topics.of(PARTS.question)) {
    return { answerTo: checkedResponse(topics, responseTopic), client: undefined };
  }
  const rest = topics.rest(PARTS.question, topic);
  if (rest === undefined) return undefined;
  const [client = '', request = '', ...others] = rest.split('/');
  if (client === '' || request === '' || others.length > 0) {
    const error = new KvsError('PEDIDO_INVALIDO', 'esperado pede/<cliente>/<pedido>');
    return { answerTo: error, client: undefined };
  }
  // Whatever response topic the message names: who may ask there may read the answer there, and nowhere else.
  const answerTo = topics.withRest(PARTS.answer, rest);
  return {
    answerTo: answerTo ?? new KvsError('PEDIDO_INVALIDO', 'o tópico da resposta é longo demais'),
    client,
  };
}

/**
 * Where a client of MQTT 5 wants its answer. Nobody makes a server publish where it publishes something else, or where
 * other programs take the servers' word.
 */
function checkedResponse(topics: FleetTopics, wanted: string | undefined): string | KvsError {
  if (wanted === undefined || wanted === '') {
    return new KvsError(
      'PEDIDO_INVALIDO',
      'falta o tópico da resposta (MQTT 5); em MQTT 3.1.1 peça em pede/<cliente>/<pedido>',
    );
  }
  const isOwn = (topics.rest(PARTS.answer, wanted) ?? '') !== '';
  const isReserved = !isOwn && /^(?:kvs|portal)(?:\/|$)|^\$/.test(wanted);
  if (isReserved || !isPublishable(wanted)) {
    return new KvsError(
      'PEDIDO_INVALIDO',
      'este tópico de resposta não vale: sem + nem #, e fora de kvs/ (menos resposta/), portal/ e $',
    );
  }
  return wanted;
}
