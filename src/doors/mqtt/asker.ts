import { DEMANDS } from '../../call/call.js';
import type { Credentials, DemandName } from '../../call/call.js';
import type { KnownNames } from '../../call/lines/line-json.js';
import { serveOne } from '../../call/one.js';
import type { DoorOperation } from '../../call/operation.js';
import type { CallSeam } from '../../call/seam.js';
import { KvsError } from '../../core/errors.js';
import { limits } from '../../core/limits.js';
import type { IncomingMessage } from '../../ports/topics.js';
import { AnsweredRequests } from './answered-requests.js';
import { untilDone } from './call-queue.js';
import type { QueuedCall } from './call-queue.js';
import { mqttDoorLimits } from './limits.js';
import type { Outgoing } from './outgoing.js';
import { readQuestion } from './question-json.js';
import type { Question } from './question-json.js';
import { askedTopic } from './question-topics.js';
import { questionOperation, refusalJson } from './questions.js';
import type { Refusals } from './refusals.js';
import { topicCall } from './topic-call.js';
import { PARTS } from './topic-names.js';
import type { FleetTopics } from './topic-names.js';

interface AskerOptions {
  readonly names: FleetTopics;
  readonly seam: CallSeam;
  /** Names servers in answers. */
  readonly servers: KnownNames;
  readonly outgoing: Outgoing;
  readonly refusals: Refusals;
  /** Whether this server is the one that answers, beyond doubt. */
  readonly acts: () => boolean;
  /** What the caller of a question shows. @param client of `pede/<cliente>/<pedido>`; `undefined`: at `pede` */
  readonly credentialsOf: (client: string | undefined) => Credentials;
}

/** A question that is to be answered in its turn. */
export interface AskedQuestion extends QueuedCall {
  /** Answers that too many wait. */
  refuse(): void;
}

/** Questions that change a key: those of one key are done in the order in which they came. */
const WRITES: ReadonlySet<Question['op']> = new Set(['insere', 'remove', 'compara']);

/**
 * Answers questions on `pede`. Whoever asks while no server acts gets no answer, and asks again: with the same `pedido`
 * nothing is written twice.
 */
export class Asker {
  private readonly asking: DoorOperation<Question, string>;

  private readonly answered: AnsweredRequests;

  constructor(private readonly options: AskerOptions) {
    const { answeredRequests: requests, answeredBytes: bytes } = mqttDoorLimits;
    const { requestAgeMs: ageMs, requestSkewMs: skewMs } = limits;
    this.answered = new AnsweredRequests({ requests, bytes, ageMs, skewMs }, options.seam.time);
    this.asking = questionOperation(options.servers, this.answered);
  }

  /** This server acts from now on. @param othersUntilMs until then (wall clock) another one may have */
  begin(othersUntilMs: number): void {
    this.answered.begin(othersUntilMs);
  }

  /** A message as a question to be answered; `undefined` if it is none. */
  take(message: IncomingMessage): AskedQuestion | undefined {
    const { names, seam, acts } = this.options;
    const asked = askedTopic(names, message);
    if (asked === undefined) return undefined;
    const { answerTo, client } = asked;
    const question = answerTo instanceof KvsError ? answerTo : questionOf(message.payload);
    const { expirySeconds } = message;
    // What a client of MQTT 5 does not want to be delivered later is not answered later either.
    const deadlineMs = expirySeconds === undefined ? undefined : seam.time.wallMs() + 1000 * expirySeconds;
    const answer = (what: Question | KvsError): Promise<void> | undefined =>
      this.answer(message, answerTo, client, what, deadlineMs);
    return {
      key: question instanceof KvsError || !WRITES.has(question.op) ? undefined : question.chave,
      size: message.payload.length,
      run: () => (acts() ? answer(question) : undefined),
      refuse: () => {
        void answer(
          new KvsError('LIMITE_FILA', 'pedidos demais esperam a vez neste servidor; peça mais devagar'),
        );
      },
    };
  }

  private answer(
    { topic, correlation }: IncomingMessage,
    answerTo: string | KvsError,
    client: string | undefined,
    question: Question | KvsError,
    deadlineMs: number | undefined,
  ): Promise<void> | undefined {
    const { seam, outgoing, refusals, credentialsOf } = this.options;
    const isQuestion = !(question instanceof KvsError);
    const operation = isQuestion ? `${PARTS.question}/${question.op}` : PARTS.question;
    const demands = isQuestion ? demandsOf(question) : undefined;
    const call = topicCall({
      ...{ operation, credentials: credentialsOf(client), demands, deadlineMs, time: seam.time },
    });
    const send = (payload: string): void => {
      if (answerTo instanceof KvsError || call.isOver?.() === true) return;
      outgoing.send({
        topic: answerTo,
        payload,
        properties: { correlation, contentType: 'application/json' },
      });
    };
    return untilDone((done) => {
      serveOne(seam, call, question, this.asking, {
        answer: (text) => {
          send(text);
          done();
        },
        fail: (error) => {
          if (answerTo instanceof KvsError) refusals.tell(operation, topic, undefined, error);
          send(refusalJson(error));
          done();
        },
      });
    });
  }
}

function demandsOf(question: Question): Partial<Record<DemandName, string>> {
  const { ttl, pedido, tentativa } = {
    ...{ ttl: undefined, pedido: undefined, tentativa: undefined },
    ...question,
  };
  return {
    ...(ttl === undefined ? {} : { [DEMANDS.ttl]: String(ttl) }),
    ...(pedido === undefined ? {} : { [DEMANDS.request]: pedido }),
    ...(tentativa === undefined ? {} : { [DEMANDS.attempt]: String(tentativa) }),
  };
}

/** The question in a message, or why it is none. */
function questionOf(payload: Buffer): Question | KvsError {
  try {
    return readQuestion(payload);
  } catch (thrown) {
    return KvsError.from(thrown);
  }
}
