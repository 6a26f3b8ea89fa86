import type { NodeStatus, Red, RedNode } from './red.js';

/** The dot below a node: told to the editor when it changes, not with every message. */
export class StatusLight {
  private shown = '';

  constructor(
    private readonly red: Red,
    private readonly node: RedNode,
  ) {}

  connected(): void {
    this.show({ fill: 'green', shape: 'dot', text: this.red._('kvs.estado.conectado') });
  }

  connecting(): void {
    this.show({ fill: 'yellow', shape: 'ring', text: this.red._('kvs.estado.conectando') });
  }

  failed(code: string): void {
    this.show({ fill: 'red', shape: 'ring', text: code });
  }

  private show(status: NodeStatus): void {
    const text = `${status.fill} ${status.text}`;
    if (text === this.shown) return;
    this.shown = text;
    this.node.status(status);
  }
}
