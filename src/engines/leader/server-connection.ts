import { connect } from 'node:net';
import { MensagemConnection } from '../../wire/mensagem/connection.js';
import { LineTap } from '../../wire/mensagem/line-tap.js';
import { mensagemLimits, SERVER_SHAPE } from '../../wire/mensagem/limits.js';
import type { Mensagem } from '../../wire/mensagem/messages.js';
import { splitAddress } from './role.js';
import type { RoleOptions } from './role.js';

interface ConnectionUser {
  /** The connection is open. */
  onOpen(): void;
  onMessage(message: Mensagem): void;
  /** Called once, however it ended, also if it never opened. */
  onClose(): void;
  /** Whether the other side must also say something in time, and not only take the connection. */
  readonly mustAnswer?: true;
}

/** Connects to the door of another server. Silence is noticed by other means than by those of its door. */
export function connectToServer(
  address: string,
  { time, budget, laboratory }: Pick<RoleOptions, 'time' | 'budget' | 'laboratory'>,
  user: ConnectionUser,
): MensagemConnection {
  const socket = connect(splitAddress(address));
  const cancelConnect = time.after(mensagemLimits.connectMs, () => socket.destroy());
  const connection = new MensagemConnection(socket, {
    ...{ time, budget, shape: SERVER_SHAPE },
    limits: { lineBytes: mensagemLimits.lineBytes, lineMs: Infinity, idleMs: Infinity },
    tap: laboratory && new LineTap(laboratory, address),
    onMessage: (message) => {
      cancelConnect();
      user.onMessage(message);
      return undefined;
    },
    onClose: () => {
      cancelConnect();
      user.onClose();
    },
  });
  socket.once('connect', () => {
    if (user.mustAnswer !== true) cancelConnect();
    user.onOpen();
  });
  return connection;
}
