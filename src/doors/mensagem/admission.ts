import { KvsError } from '../../core/errors.js';
import { splitToken } from '../../ports/access.js';
import type { AccessControl, Identity, PermittedEngine } from '../../ports/access.js';
import type { Awaitable, Engine } from '../../ports/engine.js';
import { plainAddress } from '../../wire/mensagem/console.js';
import type { Mensagem } from '../../wire/mensagem/messages.js';

/** Asks the table of credentials about whoever speaks `Mensagem`. */
export class Admission {
  private readonly permitted: (identity: Identity) => PermittedEngine;

  constructor(
    private readonly access: AccessControl,
    engine: Engine,
  ) {
    this.permitted = access.guard(engine);
  }

  /**
   * Lets a request of a client through.
   * @param ip of whoever asks
   * @throws KvsError (as a rejection too) NAO_AUTENTICADO, NAO_AUTORIZADO, LIMITE_TENTATIVAS
   */
  client(message: Mensagem, ip: string): Awaitable<void> {
    const isRead = message.tipo === 'GET';
    // What servers ask of each other is for nobody else, whatever the role.
    if (!isRead && message.tipo !== 'PUT') {
      this.access.gatekeeper.refused('NAO_AUTENTICADO', '', plainAddress(ip));
      throw new KvsError('NAO_AUTENTICADO', 'só outro servidor pede isso');
    }
    const check = (identity: Identity): void => {
      this.permitted(identity).assertMay(isRead ? 'read' : 'write', message.chave);
    };
    const identity = this.identify(message.credencial, ip);
    if (identity instanceof Promise) return identity.then(check);
    check(identity);
  }

  /**
   * Who another server is.
   * @throws KvsError (as a rejection) NAO_AUTENTICADO, NAO_AUTORIZADO unless it is one, LIMITE_TENTATIVAS
   */
  async server(message: Mensagem, ip: string): Promise<Identity> {
    const token = message.tipo === 'LEADER' || message.tipo === 'FOLLOWER' ? message.credencial : undefined;
    const identity = await this.identify(token, ip);
    if (identity.role === 'servidor') return identity;
    this.access.gatekeeper.refused('NAO_AUTORIZADO', identity.name, plainAddress(ip));
    throw new KvsError(
      'NAO_AUTORIZADO',
      `a credencial ${identity.name} é de papel ${identity.role}, não servidor`,
    );
  }

  private identify(token: string | undefined, ip: string): Awaitable<Identity> {
    const { gatekeeper } = this.access;
    const from = plainAddress(ip);
    if (token === undefined) {
      gatekeeper.refused('NAO_AUTENTICADO', '', from);
      throw new KvsError(
        'NAO_AUTENTICADO',
        'este servidor pede uma credencial: o campo "credencial", com o token',
      );
    }
    const { name, secret } = splitToken(token);
    return gatekeeper.authenticate(name, secret, from);
  }
}
