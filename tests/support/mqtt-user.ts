import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import type { IClientOptions, IClientPublishOptions, MqttClient } from 'mqtt';

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** A client of a broker that asks for users, with what it has received. */
export class MqttUser {
  readonly received: string[] = [];

  private constructor(readonly client: MqttClient) {
    client.on('message', (topic, payload) => {
      this.received.push(`${topic} ${payload.toString()}`);
    });
    client.on('error', () => undefined);
  }

  /**
   * @param ca file of the authority of the broker's certificate; `undefined`: without TLS
   * @throws Error if the broker does not let it in; its `code` is that of CONNACK or of TLS
   */
  static async connect(
    port: number,
    ca: string | undefined,
    login: Login | undefined,
    more: IClientOptions = {},
  ): Promise<MqttUser> {
    const client = await mqtt.connectAsync(
      `${ca === undefined ? 'mqtt' : 'mqtts'}://127.0.0.1:${port}`,
      {
        ...{ protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 10_000 },
        ...(ca !== undefined && { ca: readFileSync(ca) }),
        ...(login && { username: login.user, password: login.password }),
        ...more,
      },
      false,
    );
    return new MqttUser(client);
  }

  /** The answer to a subscription: the granted QoS, or 128. */
  async subscribe(filter: string): Promise<number> {
    return new Promise((resolve) => {
      this.client.subscribe(filter, { qos: 1 }, (error, granted) => {
        resolve(error ? 128 : (granted?.[0]?.qos ?? 128));
      });
    });
  }

  /** Whether the broker acknowledged it before it closed the connection. */
  publish(topic: string, payload: string, more: IClientPublishOptions = {}): Promise<boolean> {
    return new Promise((resolve) => {
      const onClose = (): void => {
        resolve(false);
      };
      this.client.once('close', onClose);
      this.client.publish(topic, payload, { qos: 1, ...more }, (error) => {
        this.client.off('close', onClose);
        resolve(!error);
      });
    });
  }

  /** Breaks off without a word, so that the will is due. */
  breakOff(): void {
    this.client.stream.destroy();
    this.client.end(true);
  }

  end(): void {
    this.client.end(true);
  }
}
