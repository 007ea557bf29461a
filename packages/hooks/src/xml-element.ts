// One XML element with nothing but text in it.
import { SaxesParser } from "saxes";

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Reads a document that is one such element; null when it is anything else or not well-formed. */
export function readElement(document: string): XmlElement | null {
  const opened: Omit<XmlElement, "text">[] = [];
  let text = "";
  let isPlain = true;
  const refuse = (): void => {
    isPlain = false;
  };
  const parser = new SaxesParser();
  parser.on("error", refuse);
  parser.on("xmldecl", refuse);
  parser.on("doctype", refuse);
  parser.on("comment", refuse);
  parser.on("processinginstruction", refuse);
  parser.on("opentag", ({ name, attributes, isSelfClosing }) => {
    if (isSelfClosing) refuse();
    opened.push({ name, attributes });
  });
  const add = (part: string): void => {
    text += part;
  };
  parser.on("text", add);
  parser.on("cdata", add);
  parser.write(document).close();
  const [element] = opened;
  return isPlain && element !== undefined && opened.length === 1 ? { ...element, text } : null;
}
