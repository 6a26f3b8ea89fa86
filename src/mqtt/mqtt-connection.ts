import { Socket } from 'node:net';
import mqtt from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import { bracketed } from '../core/host-port.js';
import { mqttLimits } from './limits.js';
import type { Time } from '../ports/time.js';
import type { IncomingMessage, OutgoingMessage } from '../ports/topics.js';
import { tlsFailureOf } from '../security/tls/failures.js';
import { speaksTls } from '../security/tls/probe.js';
import { STRANGERS_TLS } from '../security/tls/transport.js';
import type { Transport } from '../security/tls/transport.js';
import type { BrokerAddress, BrokerCredentials } from './broker-url.js';
import { incoming, publishOptions, subscriptions } from './mqtt-messages.js';
import type { MqttVersion, TopicFilter } from './mqtt-messages.js';
import { readAhead } from './read-ahead.js';
import { ReceiveQuota } from './receive-quota.js';

/** A last will: what the broker publishes for us when we disappear. */
export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
}

export interface BrokerConnectionOptions {
  readonly address: BrokerAddress;
  /** Certificates for an address with TLS, read at every connection. */
  readonly tls?: Transport | undefined;
  readonly clientId: string;
  readonly credentials?: BrokerCredentials | undefined;
  readonly will?: Will | undefined;
  readonly filters: readonly TopicFilter[];
  /** Bytes that may come before they are looked at; absent: as few as usual. Not over web sockets. */
  readonly readAheadBytes?: number | undefined;
  /** Absent: 4. */
  readonly version?: MqttVersion | undefined;
  readonly time: Time;
}

/** Events of a connection. After `onFailed` or `onClosed` there are no more. */
export interface BrokerConnectionListener {
  /** The broker has granted every subscription. */
  onOpen(): void;
  /** The connection never opened. `code` is short and stable: ECONNREFUSED, TEMPO_ESGOTADO, CERTIFICADO_VENCIDO, … */
  onFailed(code: string, detail: string): void;
  /** An open connection is gone. */
  onClosed(detail: string): void;
  onMessage(message: IncomingMessage): void;
}

/** One connection to one broker, from the attempt to its end. */
export interface BrokerConnection {
  readonly address: BrokerAddress;
  readonly version: MqttVersion;
  /** Publishes with QoS 1. `acknowledged` is called at most once, and never if the connection breaks. */
  publish(message: OutgoingMessage, acknowledged: (error: Error | undefined) => void): void;
  /** Disconnects properly, so that the broker does not publish the will, and cuts what is left after `deadlineMs`. */
  end(deadlineMs: number): Promise<void>;
  /** Closes at once, without DISCONNECT. */
  abort(): void;
}

/** Starts connecting. The listener hears nothing before this has returned. */
export type Connect = (
  options: BrokerConnectionOptions,
  listener: BrokerConnectionListener,
) => BrokerConnection;

/** Connects over MQTT 3.1.1, or the version that is asked for. */
export const connectMqtt: Connect = (options, listener) => new MqttConnection(options, listener);

/**
 * One connection to one broker, from the first byte to the last. It is never reused: the library's own reconnection
 * repeats and reorders what was in flight, so every attempt gets a client of its own and what was in flight is lost
 * with it, which peers repair.
 */
class MqttConnection implements BrokerConnection {
  private state: 'opening' | 'open' | 'ended' = 'opening';
  private readonly client: MqttClient;
  private readonly cancelDeadline: () => void;
  private lastError: Error | undefined;
  /** Whether the broker has sent something or, with TLS, completed the handshake. */
  private answered = false;
  /** What came before the subscriptions were granted: it counts only if they are. */
  private early: IncomingMessage[] = [];
  private quota = new ReceiveQuota();

  constructor(
    private readonly options: BrokerConnectionOptions,
    private readonly listener: BrokerConnectionListener,
  ) {
    this.client = mqtt.connect(clientOptions(options));
    this.cancelDeadline = options.time.after(mqttLimits.connectMs, () => {
      this.fail('TEMPO_ESGOTADO', `sem resposta em ${mqttLimits.connectMs} ms`);
    });
    this.client.on('error', (error) => {
      this.lastError = error;
      if (this.state === 'opening') void this.failed(codeOf(error), error.message);
    });
    this.client.on('close', () => {
      this.finish(this.lastError?.message ?? 'o broker fechou a conexão');
    });
    this.client.on('connect', ({ properties }) => {
      this.quota = new ReceiveQuota(properties?.receiveMaximum);
      this.subscribe();
    });
    this.client.on('message', (topic, payload, packet) => {
      const message = incoming(topic, payload, packet);
      if (this.state === 'open') this.listener.onMessage(message);
      else if (this.state === 'opening') this.keep(message);
    });
    // Batches are already as large as they should be; waiting for more bytes only adds latency.
    if (this.client.stream instanceof Socket) {
      this.client.stream.setNoDelay(true);
      if (options.readAheadBytes !== undefined) readAhead(this.client.stream, options.readAheadBytes);
    }
    this.client.stream.prependOnceListener(
      options.address.protocol === 'mqtts' ? 'secureConnect' : 'data',
      () => {
        this.answered = true;
      },
    );
  }

  get address(): BrokerAddress {
    return this.options.address;
  }

  get version(): MqttVersion {
    return this.options.version ?? 4;
  }

  publish(message: OutgoingMessage, acknowledged: (error: Error | undefined) => void): void {
    this.quota.add((done) => {
      this.client.publish(message.topic, message.payload, publishOptions(message, this.version), (error) => {
        if (this.state !== 'open') return;
        acknowledged(error ?? undefined);
        done();
      });
    });
  }

  async end(deadlineMs: number): Promise<void> {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.cancelDeadline();
    await new Promise<void>((resolve) => {
      const cancel = this.options.time.after(deadlineMs, () => {
        this.client.end(true);
        this.client.stream.destroy();
        resolve();
      });
      this.client.end(false, {}, () => {
        cancel();
        resolve();
      });
    });
  }

  abort(): void {
    if (this.state !== 'ended') this.cut();
  }

  /** A peer that gets TLS but does not speak it, or the reverse, closes the connection without a reason. */
  private async failed(code: string, detail: string): Promise<void> {
    const { protocol, host, port } = this.options.address;
    if (this.answered || (code !== 'ECONNRESET' && code !== 'FECHADA')) {
      this.fail(code, detail);
      return;
    }
    // A web socket does not tell whether the TLS handshake succeeded.
    const speaks = protocol !== 'mqtts' && (await speaksTls(host, port));
    if (isSecure(protocol) && !speaks) {
      this.fail(
        'SEM_TLS',
        'o broker fechou a conexão em vez de combinar o TLS: talvez esta porta seja sem TLS',
      );
    } else if (!isSecure(protocol) && speaks) {
      this.fail('EXIGE_TLS', `esta porta do broker só fala TLS: use ${protocol}s://`);
    } else if (this.options.will && !(await carriesQos1(this.options))) {
      this.fail('SEM_QOS_1', 'o broker só leva QoS 0');
    } else this.fail(code, detail);
  }

  private subscribe(): void {
    if (this.state !== 'opening') return;
    this.client.subscribe(subscriptions(this.options.filters, this.version), (error, granted) => {
      if (this.state !== 'opening') return;
      const refused = granted?.find((grant) => grant.qos > 2);
      if (error ?? refused) {
        this.fail('ASSINATURA_RECUSADA', error?.message ?? `o broker recusou ${refused?.topic ?? ''}`);
        return;
      }
      const wanted = new Map(this.options.filters.map(({ filter, qos }) => [filter, qos]));
      if (granted?.some((grant) => grant.qos < 1 && wanted.get(grant.topic) !== 0)) {
        this.fail('SEM_QOS_1', 'o broker só leva QoS 0');
        return;
      }
      this.state = 'open';
      this.cancelDeadline();
      this.listener.onOpen();
      for (const message of this.early.splice(0)) if (this.isOpen) this.listener.onMessage(message);
    });
  }

  private keep(message: IncomingMessage): void {
    if (this.early.push(message) > mqttLimits.earlyMessages) {
      this.fail('MENSAGENS_DEMAIS', 'o broker manda mensagens e não confirma as assinaturas');
    }
  }

  /** A call, since the state may have changed meanwhile. */
  private get isOpen(): boolean {
    return this.state === 'open';
  }

  private fail(code: string, detail: string): void {
    if (this.state !== 'opening') return;
    this.cut();
    this.listener.onFailed(code, detail);
  }

  private finish(detail: string): void {
    if (this.state === 'opening') {
      void this.failed('FECHADA', detail);
    } else if (this.state === 'open') {
      this.cut();
      this.listener.onClosed(detail);
    }
  }

  private cut(): void {
    this.state = 'ended';
    this.cancelDeadline();
    this.client.end(true);
  }
}

function clientOptions({
  address,
  tls,
  clientId,
  credentials,
  will,
  version = 4,
}: BrokerConnectionOptions): IClientOptions {
  const secure = tls?.clientOptions() ?? STRANGERS_TLS;
  return {
    ...(address.protocol === 'mqtts' && secure),
    ...(address.protocol === 'wss' && { wsOptions: secure as object }),
    protocol: address.protocol,
    host: address.host,
    // The library builds the URL of a web socket from this.
    hostname: address.path === '' ? address.host : bracketed(address.host),
    port: address.port,
    ...(address.path === '' ? {} : { path: address.path }),
    protocolVersion: version,
    ...(version === 5 && {
      properties: { maximumPacketSize: mqttLimits.packetBytes, receiveMaximum: mqttLimits.receivedAtOnce },
    }),
    clientId,
    clean: true,
    keepalive: mqttLimits.keepaliveSeconds,
    // The deadline here has an error code of its own, so the library's must not expire first.
    connectTimeout: 2 * mqttLimits.connectMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    ...(credentials && { username: credentials.user, password: credentials.password }),
    ...(will && { will: { topic: will.topic, payload: will.payload, qos: 1, retain: false } }),
  };
}

/**
 * A broker without QoS 1 closes the connection without a reason, because of the will alone. Without a will it tells
 * which QoS it grants.
 * @returns whether nothing speaks against QoS 1
 */
function carriesQos1(options: BrokerConnectionOptions): Promise<boolean> {
  const { filters, clientId, time } = options;
  return new Promise((resolve) => {
    const client = mqtt.connect(clientOptions({ ...options, clientId: `${clientId}:qos`, will: undefined }));
    const end = (carries: boolean): void => {
      cancel();
      client.end(true);
      resolve(carries);
    };
    const cancel = time.after(mqttLimits.connectMs / 2, () => end(true));
    client.on('error', () => end(true));
    client.on('close', () => end(true));
    client.on('connect', () => {
      client.subscribe(subscriptions(filters, 4), (_error, granted) => {
        end(granted?.every(({ qos }) => qos !== 0) ?? true);
      });
    });
  });
}

function isSecure(protocol: BrokerAddress['protocol']): boolean {
  return protocol === 'mqtts' || protocol === 'wss';
}

function codeOf(error: Error): string {
  const failure = tlsFailureOf(error);
  if (failure !== undefined) return failure;
  const { code } = error as Error & { readonly code?: unknown };
  if (typeof code === 'string') return code;
  return typeof code === 'number' ? `CONNACK_${code}` : 'ERRO';
}
