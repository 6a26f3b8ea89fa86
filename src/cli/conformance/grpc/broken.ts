import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { CallBroken } from '../case.js';
import { displayed } from '../expectation.js';

/** How a call that ended with an error looks to whoever wrote the server. */
export function brokenOf(error: ServiceError, method: string, timeoutMs: number): CallBroken {
  const details = error.details.replace(/\s*\n\s*/g, ' ').slice(0, 300);
  const came = `o erro gRPC ${status[error.code]}${details === '' ? '' : `: ${details}`}`;
  switch (error.code) {
    case status.DEADLINE_EXCEEDED:
      return silentCall(method, timeoutMs);
    // A server that shuts down cancels what it has begun.
    case status.CANCELLED:
    case status.UNAVAILABLE:
      return new CallBroken('gone', `a conexão caiu (${came})`, GONE_HINT);
    case status.UNIMPLEMENTED:
      return new CallBroken(
        'refused',
        came,
        `o seu servidor não oferece ${method}: veja se o método existe com esse nome exato na classe que implementa o serviço (em Python um nome diferente não dá erro nenhum), e se o package e o service do .proto são os do contrato`,
      );
    case status.INTERNAL:
      if (/pars|decod|deserial|wire type|index out of range/i.test(details)) {
        return new CallBroken(
          'refused',
          came,
          `a resposta de ${method} não tem a forma do contrato: compare os tipos e os números dos campos do seu .proto com os dele`,
        );
      }
      break;
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return new CallBroken('refused', came, 'o servidor pede uma credencial: diga --credencial ARQUIVO');
    default:
  }
  return new CallBroken(
    'refused',
    came,
    `${method} terminou com um erro do gRPC em vez de responder: ou uma exceção escapou do método (veja o log do seu servidor), ou um erro esperado foi dito assim; os clientes do contrato param num erro do gRPC, por isso um erro esperado vai na resposta`,
  );
}

/** A call that the server did not answer in time. */
export function silentCall(method: string, timeoutMs: number): CallBroken {
  return new CallBroken(
    'silent',
    `nada em ${timeoutMs} ms`,
    `${method} não respondeu: veja se o método espera por um lock, por outro servidor ou por uma fila que ninguém esvazia; se o seu servidor é lento de propósito, diga --prazo com mais milissegundos`,
  );
}

/** A stream that stops without its end. @param found what came before */
export function unfinishedStream(method: string, timeoutMs: number, found: readonly object[]): CallBroken {
  if (found.length === 0) return silentCall(method, timeoutMs);
  return new CallBroken(
    'silent',
    `${displayed(found)} e depois nada em ${timeoutMs} ms, nem o fim`,
    `${method} não terminou: depois da última mensagem o servidor precisa terminar o stream (onCompleted em Java, o fim do laço em Python)`,
  );
}

const GONE_HINT =
  'o servidor terminou ou fechou a conexão no meio do caso: veja no log dele se uma exceção o derrubou';
