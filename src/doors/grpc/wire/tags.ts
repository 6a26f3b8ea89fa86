/** Wire types of protobuf, and the tags of the fields that the doors know: number and wire type. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const GROUP_START = 3;
export const GROUP_END = 4;
export const FIXED32 = 5;

export const FIELD_1_VARINT = (1 << 3) | VARINT;
export const FIELD_2_VARINT = (2 << 3) | VARINT;
export const FIELD_3_VARINT = (3 << 3) | VARINT;
export const FIELD_4_VARINT = (4 << 3) | VARINT;
export const FIELD_5_VARINT = (5 << 3) | VARINT;
export const FIELD_1_LENGTH = (1 << 3) | LENGTH;
export const FIELD_2_LENGTH = (2 << 3) | LENGTH;
export const FIELD_3_LENGTH = (3 << 3) | LENGTH;
export const FIELD_4_LENGTH = (4 << 3) | LENGTH;
export const FIELD_5_LENGTH = (5 << 3) | LENGTH;
export const FIELD_6_VARINT = (6 << 3) | VARINT;
export const FIELD_6_LENGTH = (6 << 3) | LENGTH;
export const FIELD_7_VARINT = (7 << 3) | VARINT;
export const FIELD_8_LENGTH = (8 << 3) | LENGTH;
export const FIELD_8_VARINT = (8 << 3) | VARINT;
export const FIELD_9_VARINT = (9 << 3) | VARINT;
export const FIELD_9_LENGTH = (9 << 3) | LENGTH;
export const FIELD_10_VARINT = (10 << 3) | VARINT;
