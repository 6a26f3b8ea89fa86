import { publicMessage } from '../../call/reason.js';
import type { KvsError } from '../../core/errors.js';
import { TokenBucket } from '../../core/token-bucket.js';
import { BurstLog } from '../../ports/burst-log.js';
import type { Logger } from '../../ports/logger.js';
import type { Time } from '../../ports/time.js';
import { mqttDoorLimits } from './limits.js';
import type { Outgoing } from './outgoing.js';
import { refusalJson } from './questions.js';
import { PARTS } from './topic-names.js';
import type { FleetTopics } from './topic-names.js';

/** Characters of a topic in the log. */
const SHOWN_CHARS = 200;

/**
 * Tells people why a write was refused, on `recusa/` and in the log, both not more often than is of use: whoever floods
 * the door gets no flood in return.
 */
export class Refusals {
  private readonly bucket: TokenBucket;
  private readonly log: BurstLog;
  private unpublished = 0;

  constructor(
    private readonly topics: FleetTopics,
    private readonly outgoing: Outgoing,
    private readonly time: Time,
    logger: Logger,
  ) {
    const { refusalBurst, refusalEveryMs } = mqttDoorLimits;
    this.bucket = new TokenBucket(refusalBurst, refusalEveryMs, time.monotonicMs());
    this.log = new BurstLog(time, logger, 'mensagem MQTT recusada');
  }

  /** Refusals that were not published, since there were too many. */
  get suppressed(): number {
    return this.unpublished;
  }

  /** @param rest of the topic, where the refusal is published too; `undefined`: nowhere */
  tell(operation: string, topic: string, rest: string | undefined, error: KvsError): void {
    this.log.report(error.code, topic.slice(0, SHOWN_CHARS), { detalhe: publicMessage(error) });
    const to = rest === undefined ? undefined : this.topics.withRest(PARTS.refusal, rest);
    if (to === undefined) return;
    if (this.bucket.isEmpty(this.time.monotonicMs())) {
      this.unpublished++;
      return;
    }
    this.bucket.take();
    this.outgoing.send({
      topic: to,
      payload: refusalJson(error, { op: operation }),
      properties: { contentType: 'application/json' },
    });
  }
}
