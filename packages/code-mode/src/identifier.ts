/**
 * The JavaScript identifier under which a tool is reached: `[A-Za-z_$]` first, then
 * `[A-Za-z0-9_$]`; every other character becomes `_`. Reserved words are left as they are: they are
 * good property names.
 */
export function toIdentifier(name: string): string {
  const characters = Array.from(name, (character, index) =>
    (index === 0 ? /^[A-Za-z_$]$/ : /^[A-Za-z0-9_$]$/).test(character) ? character : "_",
  );
  return characters.length === 0 ? "_" : characters.join("");
}
