import { randomBytes } from 'node:crypto';
import { mqttLimits } from './limits.js';
import { BurstLog } from '../ports/burst-log.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import type { Time } from '../ports/time.js';
import type { IncomingMessage } from '../ports/topics.js';
import { aroundMs, backoffMs } from '../core/backoff.js';
import type { BrokerSource } from './broker-source.js';
import type { BrokerAddress, BrokerCredentials } from './broker-url.js';
import { failureText, refusalAdvice } from './failure-text.js';
import { connectMqtt } from './mqtt-connection.js';
import type { BrokerConnection, Connect, Will } from './mqtt-connection.js';
import type { TopicFilter } from './mqtt-messages.js';

interface LinkOptions {
  readonly brokers: BrokerSource;
  /** The beginning of the id under which it connects. */
  readonly clientId: string;
  readonly filters: readonly TopicFilter[];
  /** Bytes that may come before they are looked at; absent: as few as usual. */
  readonly readAheadBytes?: number | undefined;
  readonly credentials?: BrokerCredentials | undefined;
  /** Creates the will of an attempt from its number (1, 2, 3, …); none by default. */
  readonly will?: (attempt: number) => Will;
  /** How a connection is made; by default over MQTT. */
  readonly connect?: Connect | undefined;
  readonly time: Time;
  readonly random: Random;
  readonly logger: Logger;
}

interface LinkListener {
  onUp(): void;
  onDown(): void;
  onMessage(message: IncomingMessage): void;
}

/**
 * Keeps one connection to one of several brokers, for as long as it is wanted.
 *
 * A round tries the addresses in order of preference; between failed rounds the pause grows. A server on a less
 * preferred broker looks for a better one once in a while and moves only when it is connected there. Without that, a
 * short outage could leave the servers of one fleet on different brokers for ever.
 */
export class BrokerLink {
  private current: BrokerConnection | undefined;
  private attempt: BrokerConnection | undefined;
  private failedRounds = 0;
  private openedAtMs = 0;
  private opened = 0;
  private attempts = 0;
  private currentNumber = 0;
  private stopped = false;
  private cancelTimer: () => void = () => undefined;
  /**
   * The same for all connections: a broker that has not noticed that one broke ends it when the next one comes. Nobody
   * else knows it, who could end them too.
   */
  private readonly clientId: string;
  private readonly failures: BurstLog;
  /** Refusals already logged: they do not pass by themselves. */
  private readonly refusals = new Set<string>();

  constructor(
    private readonly options: LinkOptions,
    private readonly listener: LinkListener,
  ) {
    this.clientId = `${options.clientId}:${randomBytes(9).toString('base64url')}`;
    const message = 'broker fora de alcance: o servidor continua e tenta de novo';
    this.failures = new BurstLog(options.time, options.logger, message);
  }

  /** The open connection, if there is one. */
  get connection(): BrokerConnection | undefined {
    return this.current;
  }

  /** Number of the attempt that became the open connection, or the last open one; 0 before the first. */
  get connectionNumber(): number {
    return this.currentNumber;
  }

  /** Connections opened after the first. */
  get reconnects(): number {
    return Math.max(0, this.opened - 1);
  }

  start(): void {
    this.options.credentials?.onChange?.(() => {
      void this.renew();
    });
    this.options.brokers.cut?.onChange(() => {
      this.heedCut();
    });
    this.round();
  }

  /** Drops what there is, as if a cable had been pulled; or connects again. */
  private heedCut(): void {
    if (this.stopped) return;
    if (!this.isCut) {
      this.failedRounds = 0;
      if (!this.isBusy()) this.round();
      return;
    }
    this.cancelTimer();
    this.attempt?.abort();
    this.attempt = undefined;
    const { current } = this;
    this.current = undefined;
    current?.abort();
    if (current) this.listener.onDown();
  }

  private get isCut(): boolean {
    return this.options.brokers.cut?.isCut === true;
  }

  /**
   * Reconnects with the credentials as they are now, after the broker has had time to acknowledge what is in flight.
   */
  private async renew(): Promise<void> {
    const { current } = this;
    if (this.stopped) return;
    this.cancelTimer();
    this.attempt?.abort();
    this.attempt = undefined;
    this.refusals.clear();
    this.failedRounds = 0;
    if (current) {
      this.options.logger.info(
        { broker: current.address.url },
        'credenciais do broker mudaram: reconectando',
      );
      this.current = undefined;
      this.listener.onDown();
      await current.end(mqttLimits.stopMs);
    }
    if (!this.isBusy()) this.round();
  }

  private isBusy(): boolean {
    return this.stopped || this.current !== undefined || this.attempt !== undefined;
  }

  /** Disconnects from the broker; afterwards the listener hears nothing. */
  async stop(deadlineMs: number): Promise<void> {
    this.stopped = true;
    this.cancelTimer();
    this.attempt?.abort();
    this.attempt = undefined;
    const { current } = this;
    this.current = undefined;
    await current?.end(deadlineMs);
  }

  /** Tries every address until one answers. */
  private round(): void {
    if (this.isCut) return;
    const { addresses } = this.options.brokers;
    this.tryFrom(0, addresses.length, [], (failures) => {
      void this.afterFailedRound(failures);
    });
  }

  private async afterFailedRound(failures: readonly Failure[]): Promise<void> {
    const codes = failures.map(({ code }) => code);
    const again = await this.options.brokers.recover(codes);
    if (this.stopped || this.isCut) return;
    if (!again) {
      for (const { address, code, detail } of failures) {
        this.tell(code, address, detail);
      }
    }
    const rounds = again ? 0 : this.failedRounds;
    const first = this.failedRounds === 0;
    this.failedRounds++;
    this.later(again && first ? 0 : this.roundPauseMs(rounds), () => {
      this.round();
    });
  }

  private tell(code: string, { url }: BrokerAddress, detail: string): void {
    const advice = refusalAdvice(code, this.options.credentials !== undefined);
    if (advice === undefined) {
      this.failures.report(code, url, { detalhe: failureText(code, detail) });
      return;
    }
    const name = `${code} ${url}`;
    if (this.refusals.has(name)) return;
    this.refusals.add(name);
    this.options.logger.error({ motivo: code, broker: url, detalhe: failureText(code, detail) }, advice);
  }

  private tryFrom(
    index: number,
    end: number,
    failures: readonly Failure[],
    allFailed: (failures: readonly Failure[]) => void,
  ): void {
    const address = this.options.brokers.addresses[index];
    if (this.stopped || this.isCut) return;
    if (address === undefined || index >= end) {
      this.attempt = undefined;
      allFailed(failures);
      return;
    }
    const { brokers, filters, readAheadBytes, credentials, will, connect = connectMqtt, time } = this.options;
    const { clientId } = this;
    const number = ++this.attempts;
    const connection = connect(
      {
        ...{ address, tls: brokers.tls, clientId, filters, readAheadBytes, credentials, time },
        will: will?.(number),
      },
      {
        onOpen: () => {
          this.adopt(connection, number, index);
        },
        onFailed: (code, detail) => {
          this.tryFrom(index + 1, end, [...failures, { address, code, detail }], allFailed);
        },
        onClosed: (detail) => {
          this.lose(connection, detail);
        },
        onMessage: (message) => {
          this.listener.onMessage(message);
        },
      },
    );
    this.attempt = connection;
  }

  private adopt(connection: BrokerConnection, number: number, index: number): void {
    const { time, logger } = this.options;
    const previous = this.current;
    this.attempt = undefined;
    this.current = connection;
    this.currentNumber = number;
    this.opened++;
    this.refusals.clear();
    this.openedAtMs = time.monotonicMs();
    logger.info({ broker: connection.address.url }, 'conectado ao broker');
    if (previous) {
      void previous.end(mqttLimits.stopMs);
      this.listener.onDown();
    }
    this.listener.onUp();
    if (index > 0) this.lookForBetter(index);
  }

  private lose(connection: BrokerConnection, detail: string): void {
    if (this.current !== connection) return;
    const { time, logger } = this.options;
    this.current = undefined;
    logger.warn(
      { broker: connection.address.url, detalhe: failureText('', detail) },
      'conexão com o broker perdida',
    );
    // A broker that accepts connections and drops them soon is no better than one that refuses them.
    const held = time.monotonicMs() - this.openedAtMs >= mqttLimits.reconnectStableMs;
    this.failedRounds = held ? 0 : this.failedRounds + 1;
    const delayMs = this.roundPauseMs(this.failedRounds);
    // An attempt to return to a better broker may be under way: its end, good or bad, leads on.
    if (!this.attempt) {
      this.later(delayMs, () => {
        this.round();
      });
    }
    this.listener.onDown();
  }

  /** `index` is that of the present broker; those before it are preferred. */
  private lookForBetter(index: number): void {
    this.later(aroundMs(mqttLimits.returnMs, this.options.random.next()), () => {
      this.tryFrom(0, index, [], () => {
        if (this.current) this.lookForBetter(index);
        else this.round();
      });
    });
  }

  /** @param failedRounds rounds that have failed since a connection last held; 0 right after a loss */
  private roundPauseMs(failedRounds: number): number {
    const { reconnectBaseMs, reconnectCapMs } = mqttLimits;
    return backoffMs(failedRounds, reconnectBaseMs, reconnectCapMs, this.options.random.next());
  }

  /** One timer is enough: there is only one thing to wait for at a time. */
  private later(delayMs: number, call: () => void): void {
    this.cancelTimer();
    this.cancelTimer = this.options.time.after(delayMs, call);
  }
}

interface Failure {
  readonly address: BrokerAddress;
  readonly code: string;
  readonly detail: string;
}
