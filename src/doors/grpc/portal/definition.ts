import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadProto, loadedService } from '../protos.js';
import { serverMethod } from '../service.js';
import type { AdminOperations, EnrolmentOperations } from './operations.js';
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

export const ADMIN_SERVICE_NAME = 'project.PortalAdministrativo';
export const ENROLMENT_SERVICE_NAME = 'project.PortalMatricula';

/** Everything that `portal.proto` declares, for reflection. */
export const portalPackage = loadProto('portal.proto');

const admin = loadedService(portalPackage, ADMIN_SERVICE_NAME);
const enrolment = loadedService(portalPackage, ENROLMENT_SERVICE_NAME);

/** `project.PortalAdministrativo` for a server. */
export const adminService: ServiceDefinition = {
  NovoAluno: serverMethod(admin, 'NovoAluno', decodeAluno, encodeStatus),
  EditaAluno: serverMethod(admin, 'EditaAluno', decodeAluno, encodeStatus),
  RemoveAluno: serverMethod(admin, 'RemoveAluno', decodeId, encodeStatus),
  ObtemAluno: serverMethod(admin, 'ObtemAluno', decodeId, encodeAluno),
  ObtemTodosAlunos: serverMethod(admin, 'ObtemTodosAlunos', decodeEmpty, encodeAluno),
  NovoProfessor: serverMethod(admin, 'NovoProfessor', decodeProfessor, encodeStatus),
  EditaProfessor: serverMethod(admin, 'EditaProfessor', decodeProfessor, encodeStatus),
  RemoveProfessor: serverMethod(admin, 'RemoveProfessor', decodeId, encodeStatus),
  ObtemProfessor: serverMethod(admin, 'ObtemProfessor', decodeId, encodeProfessor),
  ObtemTodosProfessores: serverMethod(admin, 'ObtemTodosProfessores', decodeEmpty, encodeProfessor),
  NovaDisciplina: serverMethod(admin, 'NovaDisciplina', decodeDisciplina, encodeStatus),
  EditaDisciplina: serverMethod(admin, 'EditaDisciplina', decodeDisciplina, encodeStatus),
  RemoveDisciplina: serverMethod(admin, 'RemoveDisciplina', decodeId, encodeStatus),
  ObtemDisciplina: serverMethod(admin, 'ObtemDisciplina', decodeId, encodeDisciplina),
  ObtemTodasDisciplinas: serverMethod(admin, 'ObtemTodasDisciplinas', decodeEmpty, encodeDisciplina),
} satisfies Record<keyof AdminOperations, unknown>;

/** `project.PortalMatricula` for a server. */
export const enrolmentService: ServiceDefinition = {
  AdicionaProfessor: serverMethod(enrolment, 'AdicionaProfessor', decodeClassAndPerson, encodeStatus),
  RemoveProfessor: serverMethod(enrolment, 'RemoveProfessor', decodeClassAndPerson, encodeStatus),
  AdicionaAluno: serverMethod(enrolment, 'AdicionaAluno', decodeClassAndPerson, encodeStatus),
  RemoveAluno: serverMethod(enrolment, 'RemoveAluno', decodeClassAndPerson, encodeStatus),
  DetalhaDisciplina: serverMethod(enrolment, 'DetalhaDisciplina', decodeId, encodeReport),
  ObtemDisciplinasProfessor: serverMethod(enrolment, 'ObtemDisciplinasProfessor', decodeId, encodeReport),
  ObtemDisciplinasAluno: serverMethod(enrolment, 'ObtemDisciplinasAluno', decodeId, encodeSummary),
} satisfies Record<keyof EnrolmentOperations, unknown>;
