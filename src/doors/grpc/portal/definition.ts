import { loadProto } from '../protos.js';
import type { Portal } from '../../../ports/portal.js';
import { grpcService, rpc } from '../service.js';
import type { GrpcService } from '../service.js';
import { adminOperations, enrolmentOperations } from './operations.js';
import {
  decodeAluno,
  decodeClassAndPerson,
  decodeDisciplina,
  decodeId,
  decodeEmpty,
  decodeProfessor,
  encodeAluno,
  encodeDisciplina,
  encodeProfessor,
  encodeReport,
  encodeStatus,
  encodeSummary,
} from './wire.js';

const loaded = loadProto('portal.proto');

/** `project.PortalAdministrativo` for a server. */
export function adminService(portal: Portal): GrpcService {
  const operations = adminOperations(portal);
  return grpcService('project.PortalAdministrativo', loaded, {
    NovoAluno: rpc(decodeAluno, encodeStatus, operations.NovoAluno),
    EditaAluno: rpc(decodeAluno, encodeStatus, operations.EditaAluno),
    RemoveAluno: rpc(decodeId, encodeStatus, operations.RemoveAluno),
    ObtemAluno: rpc(decodeId, encodeAluno, operations.ObtemAluno),
    ObtemTodosAlunos: rpc(decodeEmpty, encodeAluno, operations.ObtemTodosAlunos),
    NovoProfessor: rpc(decodeProfessor, encodeStatus, operations.NovoProfessor),
    EditaProfessor: rpc(decodeProfessor, encodeStatus, operations.EditaProfessor),
    RemoveProfessor: rpc(decodeId, encodeStatus, operations.RemoveProfessor),
    ObtemProfessor: rpc(decodeId, encodeProfessor, operations.ObtemProfessor),
    ObtemTodosProfessores: rpc(decodeEmpty, encodeProfessor, operations.ObtemTodosProfessores),
    NovaDisciplina: rpc(decodeDisciplina, encodeStatus, operations.NovaDisciplina),
    EditaDisciplina: rpc(decodeDisciplina, encodeStatus, operations.EditaDisciplina),
    RemoveDisciplina: rpc(decodeId, encodeStatus, operations.RemoveDisciplina),
    ObtemDisciplina: rpc(decodeId, encodeDisciplina, operations.ObtemDisciplina),
    ObtemTodasDisciplinas: rpc(decodeEmpty, encodeDisciplina, operations.ObtemTodasDisciplinas),
  });
}

/** `project.PortalMatricula` for a server. */
export function enrolmentService(portal: Portal): GrpcService {
  const operations = enrolmentOperations(portal);
  return grpcService('project.PortalMatricula', loaded, {
    AdicionaProfessor: rpc(decodeClassAndPerson, encodeStatus, operations.AdicionaProfessor),
    RemoveProfessor: rpc(decodeClassAndPerson, encodeStatus, operations.RemoveProfessor),
    AdicionaAluno: rpc(decodeClassAndPerson, encodeStatus, operations.AdicionaAluno),
    RemoveAluno: rpc(decodeClassAndPerson, encodeStatus, operations.RemoveAluno),
    DetalhaDisciplina: rpc(decodeId, encodeReport, operations.DetalhaDisciplina),
    ObtemDisciplinasProfessor: rpc(decodeId, encodeReport, operations.ObtemDisciplinasProfessor),
    ObtemDisciplinasAluno: rpc(decodeId, encodeSummary, operations.ObtemDisciplinasAluno),
  });
}
