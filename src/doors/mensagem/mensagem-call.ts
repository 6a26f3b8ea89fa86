import { identify } from '../../call/admission.js';
import type { Call, Credentials } from '../../call/call.js';
import { KvsError } from '../../core/errors.js';
import type { CertificateGatekeeper, Identity } from '../../ports/access.js';
import type { Time } from '../../ports/time.js';
import { plainAddress } from '../../wire/mensagem/console.js';
import type {
  CommitMessage,
  GetMessage,
  Mensagem,
  OperationMessage,
  PutMessage,
} from '../../wire/mensagem/messages.js';

/** A `Mensagem` that is a request. `GET` and `PUT` are for clients; the others are for servers on behalf of theirs. */
export type RequestMessage = PutMessage | GetMessage | OperationMessage | CommitMessage;

const REQUESTS: ReadonlySet<string> = new Set<RequestMessage['tipo']>(['PUT', 'GET', 'OPERATION', 'COMMIT']);

export function isRequest(message: Mensagem): message is RequestMessage {
  return REQUESTS.has(message.tipo);
}

/**
 * A request as a call. A `Mensagem` has no field for demands or a deadline; `FreshRole` refuses requests that waited at
 * the door.
 */
export class MensagemCall implements Call {
  readonly door = 'mensagem';
  readonly deadlineMs = Infinity;

  /** @param ip of the client */
  constructor(
    private readonly message: RequestMessage,
    private readonly ip: string,
    private readonly time: Time,
  ) {}

  get operation(): string {
    return this.message.tipo;
  }

  get credentials(): Credentials {
    const { message } = this;
    // Requests between servers are for servers only, whatever the caller's role.
    if (message.tipo !== 'GET' && message.tipo !== 'PUT') {
      return { kind: 'none', hint: 'só outro servidor pede isso' };
    }
    return shown(message.credencial);
  }

  get from(): string {
    return plainAddress(this.ip);
  }

  demand(): undefined {
    return undefined;
  }

  takeUp(): number {
    return this.time.monotonicMs();
  }
}

/**
 * Authenticates another server.
 * @param ip of the other side
 * @throws KvsError (as a rejection) NAO_AUTENTICADO, NAO_AUTORIZADO unless it is a server, LIMITE_TENTATIVAS
 */
export async function identifyServer(
  message: Mensagem,
  ip: string,
  gatekeeper: CertificateGatekeeper,
): Promise<Identity> {
  const token = message.tipo === 'LEADER' || message.tipo === 'FOLLOWER' ? message.credencial : undefined;
  const from = plainAddress(ip);
  const identity = await identify({ credentials: shown(token), from }, gatekeeper);
  if (identity.role === 'servidor') return identity;
  gatekeeper.refused('NAO_AUTORIZADO', identity.name, from);
  throw new KvsError(
    'NAO_AUTORIZADO',
    `a credencial ${identity.name} é de papel ${identity.role}, não servidor`,
  );
}

function shown(token: string | undefined): Credentials {
  return token === undefined
    ? { kind: 'none', hint: 'este servidor pede uma credencial: o campo "credencial", com o token' }
    : { kind: 'token', token };
}
