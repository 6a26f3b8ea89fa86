/** What the nodes use of Node-RED's runtime (https://nodered.org/docs/creating-nodes/node-js). */

/** A message of a flow: properties of any kind. */
export type FlowMessage = Record<string, unknown>;

export interface NodeStatus {
  readonly fill?: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
  readonly shape?: 'ring' | 'dot';
  readonly text?: string;
}

/** The context of one node. Without a store's name: the default one, which may be asynchronous. */
export interface NodeContext {
  get(key: string, done: (error: unknown, value?: unknown) => void): void;
  set(key: string, value: unknown, done: (error: unknown) => void): void;
}

type InputListener = (
  message: FlowMessage,
  send: (message: FlowMessage) => void,
  done: (error?: Error) => void,
) => void;
type CloseListener = (removed: boolean, done: () => void) => void;

/** A node at run time. */
export interface RedNode {
  readonly credentials?: Readonly<Record<string, unknown>>;
  on(event: 'input', listener: InputListener): void;
  on(event: 'close', listener: CloseListener): void;
  send(message: FlowMessage): void;
  status(status: NodeStatus): void;
  /** With a message the error reaches Catch nodes; without, only the log. */
  error(error: Error, message?: FlowMessage): void;
  context(): NodeContext;
}

/** What a flow file says of a node: the properties of its form. */
export type NodeConfig = Readonly<Record<string, unknown>>;

export interface Red {
  readonly nodes: {
    createNode(node: RedNode, config: NodeConfig): void;
    getNode(id: string): RedNode | null | undefined;
    registerType(
      type: string,
      construct: (this: RedNode, config: NodeConfig) => void,
      options?: { readonly credentials: Readonly<Record<string, { readonly type: 'text' | 'password' }>> },
    ): void;
  };
  /** A text of the catalogues, in the language of the runtime. */
  _(key: string): string;
}
