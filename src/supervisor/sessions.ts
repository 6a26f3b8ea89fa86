import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { KvsError } from '../core/errors.js';
import { TokenBucket } from '../core/token-bucket.js';
import { supervisorLimits } from './limits.js';

const TOKEN_BYTES = 32;

/**
 * Who may use the laboratory: whoever has the token that the terminal shows, once, gets a session for it. Only digests are
 * kept.
 */
export class LaboratorySessions {
  private pass: Buffer | undefined;
  private sessions: Buffer[] = [];
  private readonly wrong: TokenBucket;

  /** @param nowMs monotonic */
  constructor(private readonly nowMs: () => number) {
    const { wrongTokens, wrongTokenMs } = supervisorLimits;
    this.wrong = new TokenBucket(wrongTokens, wrongTokenMs, nowMs());
  }

  /** A new token for one page; one that was not used is void. */
  newPass(): string {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    this.pass = digest(token);
    return token;
  }

  /**
   * The session for a token, which is void then.
   * @throws KvsError NAO_AUTENTICADO, LIMITE_TENTATIVAS
   */
  open(token: string): string {
    this.assertAttempt();
    if (this.pass === undefined || !timingSafeEqual(digest(token), this.pass)) {
      throw this.refusal(
        'este token não vale, ou já foi usado: Enter no terminal do laboratório mostra outro',
      );
    }
    this.pass = undefined;
    const session = randomBytes(TOKEN_BYTES).toString('base64url');
    this.sessions.push(digest(session));
    if (this.sessions.length > supervisorLimits.sessions) this.sessions.shift();
    return session;
  }

  /**
   * @param authorization the header field
   * @throws KvsError NAO_AUTENTICADO, LIMITE_TENTATIVAS
   */
  assertSession(authorization: string | undefined): void {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) throw new KvsError('NAO_AUTENTICADO', 'falta a sessão (Authorization: Bearer)');
    const given = digest(token);
    // Whoever has one is never kept out by those who guess.
    if (this.sessions.some((session) => timingSafeEqual(session, given))) return;
    this.assertAttempt();
    throw this.refusal('esta sessão não vale: Enter no terminal do laboratório mostra outro endereço');
  }

  private assertAttempt(): void {
    if (!this.wrong.isEmpty(this.nowMs())) return;
    throw new KvsError('LIMITE_TENTATIVAS', 'tokens errados demais: espere alguns segundos');
  }

  private refusal(message: string): KvsError {
    this.wrong.take();
    return new KvsError('NAO_AUTENTICADO', message);
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
