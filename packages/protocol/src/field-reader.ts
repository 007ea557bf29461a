// Readers: how a schema of this package is put together, from single values up to tagged unions.
//
// A schema is a table of field readers; that it names every field of a type, with the right type and
// the right kind of absence, is checked by the compiler. They are plain functions and not the objects
// of a schema library because all items of a stream and all lines of a session file pass here, and a
// program that has just started waits for it: a library costs more to load than all of this work.
import type { JsonValue } from "./json.ts";

export const invalid = Symbol("invalid");

/** Takes a JSON value that is not null; gives what we keep of it, or `invalid`. */
export type Reader<T> = (value: unknown) => T | typeof invalid;

export interface Field<T> {
  readonly read: Reader<T>;
  /** What a missing key or a null stands for; `undefined` leaves the key out. */
  readonly absence: typeof invalid | T;
  /** Never set: makes the type exact, so that a required field cannot stand for an optional one. */
  readonly exact?: (value: T) => T;
}

export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** The fields, without the tag, of one member of a union that is told apart by `type`. */
export type Member<U, K> = Fields<Omit<Extract<U, { readonly type: K }>, "type">>;

export function required<T>(read: Reader<T>): Field<T> {
  return { read, absence: invalid };
}

export function optional<T>(read: Reader<T>): Field<T | undefined> {
  return { read, absence: undefined };
}

export function nullable<T>(read: Reader<T>): Field<T | null> {
  return { read, absence: null };
}

export function defaulting<T>(read: Reader<T>, absence: NoInfer<T>): Field<T> {
  return { read, absence };
}

/** An optional field in which a newer version may have a word that we do not know: left out then. */
export function tolerant<T>(read: Reader<T>): Field<T | undefined> {
  return optional<T>((value) => {
    const result = read(value);
    return result === invalid ? (undefined as never) : result;
  });
}

type JsonRecord = { readonly [key: string]: unknown };

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const string: Reader<string> = (value) => (typeof value === "string" ? value : invalid);
export const number: Reader<number> = (value) => (typeof value === "number" ? value : invalid);
export const boolean: Reader<boolean> = (value) => (typeof value === "boolean" ? value : invalid);
export const json: Reader<JsonValue> = (value) => value as JsonValue;
export const jsonList: Reader<readonly JsonValue[]> = (value) =>
  Array.isArray(value) ? (value as JsonValue[]) : invalid;
export const stringMap: Reader<{ readonly [name: string]: string }> = (value) =>
  isRecord(value) && Object.values(value).every((entry) => typeof entry === "string")
    ? (value as { readonly [name: string]: string })
    : invalid;

export function word<const W extends string>(...words: readonly W[]): Reader<W> {
  const known: ReadonlySet<unknown> = new Set(words);
  return (value) => (known.has(value) ? (value as W) : invalid);
}

export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return invalid;
    const result: T[] = [];
    for (const element of value) {
      const item = element === null ? invalid : read(element);
      if (item === invalid) return invalid;
      result.push(item);
    }
    return result;
  };
}

/** Like {@link list}, without the elements that cannot be read. */
export function listOfReadable<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value) =>
    Array.isArray(value)
      ? value.flatMap((element) => {
          const item = element === null ? invalid : read(element);
          return item === invalid ? [] : [item];
        })
      : invalid;
}

/** A table of fields whose types no longer matter. */
type AnyFields = Readonly<Record<string, Pick<Field<unknown>, "read" | "absence">>>;

function readFields(
  fields: AnyFields,
  tag: string | undefined,
  keepOthers: boolean,
): Reader<object> {
  const entries = Object.entries(fields).map(([key, field]) => ({ key, ...field }));
  return (value) => {
    if (!isRecord(value)) return invalid;
    const result: Record<string, unknown> = keepOthers ? { ...value } : {};
    if (tag !== undefined) result["type"] = tag;
    for (const { key, read, absence } of entries) {
      const raw = value[key];
      const kept = raw === undefined || raw === null ? absence : read(raw);
      if (kept === invalid) return invalid;
      if (kept !== undefined) result[key] = kept;
      else if (keepOthers) delete result[key];
    }
    return result;
  };
}

/** Reads the fields of `fields`, in their order, and nothing else. */
export function object<T>(fields: Fields<T>): Reader<T> {
  return readFields(fields, /*tag*/ undefined, /*keepOthers*/ false) as Reader<T>;
}

/** Tables of fields by tag whose types no longer matter. */
type AnyMembers = Readonly<Record<string, AnyFields>>;

interface TaggedOptions<U, K extends string> {
  /** Stands for every kind that is not in the table; without it they are invalid. */
  readonly unknown?: U;
  /** Other names of kinds, read and never written. */
  readonly aliases?: Readonly<Record<string, K>>;
}

function readTagged<U, K extends string>(
  members: AnyMembers,
  { unknown, aliases }: TaggedOptions<U, K>,
  keepOthers: boolean,
): Reader<U> {
  const names = [
    ...Object.keys(members).map((type) => [type, type] as const),
    ...Object.entries<string>(aliases ?? {}),
  ];
  const readers = new Map(
    names.map(([name, type]) => [name, readFields(members[type] ?? {}, type, keepOthers)]),
  );
  return (value) => {
    const type = isRecord(value) ? value["type"] : undefined;
    if (typeof type !== "string") return invalid;
    const reader = readers.get(type);
    if (reader === undefined) return unknown ?? invalid;
    return reader(value) as U | typeof invalid;
  };
}

/** One look-up by `type`, then the fields of that kind and nothing else. */
export function tagged<U extends { readonly type: string }>(
  members: { readonly [K in U["type"]]: Member<U, K> },
  options: TaggedOptions<U, U["type"]> = {},
): Reader<U> {
  return readTagged(members as AnyMembers, options, /*keepOthers*/ false);
}

/**
 * One look-up by `type`; the listed fields of that kind are checked and filled in, all others stay as
 * they are.
 */
export function looselyTagged<U extends { readonly type: string }>(
  members: { readonly [K in U["type"]]: Partial<Member<U, K>> },
  options: TaggedOptions<U, U["type"]> = {},
): Reader<U> {
  return readTagged(members as AnyMembers, options, /*keepOthers*/ true);
}

/** The public form of a reader: null for what is not valid. */
export function decoder<T>(read: Reader<T>): (value: unknown) => T | null {
  return (value) => {
    const result = value === null ? invalid : read(value);
    return result === invalid ? null : result;
  };
}
