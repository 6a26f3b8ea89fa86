import { KvsError } from '../../core/errors.js';

/** The same answer for every defect of a token. */
export function notAuthenticated(): KvsError {
  return new KvsError(
    'NAO_AUTENTICADO',
    'a credencial não vale neste servidor: desconhecida, errada, vencida ou revogada',
  );
}

export function notRecognised(): KvsError {
  return new KvsError('NAO_AUTENTICADO', 'o certificado apresentado não vale como credencial neste servidor');
}

export function tooMany(): KvsError {
  return new KvsError('LIMITE_TENTATIVAS', 'tentativas demais com credenciais erradas; tente daqui a pouco');
}
