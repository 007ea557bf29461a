// What a model is told about the patch language: the grammar, and the tool's two descriptions.

/**
 * The patch language as a Lark grammar, for tools whose input is constrained by one. It accepts what
 * {@link parsePatch} accepts, but for the latter's tolerance of blank space around markers and headers
 * and of a here-document wrapper, and it asks for at least one section.
 */
export const applyPatchGrammar = String.raw`start: "*** Begin Patch" LF section+ "*** End Patch" LF?

section: (add_file | delete_file | update_file) blank*

add_file: "*** Add File: " PATH LF ("+" TEXT LF)*
delete_file: "*** Delete File: " PATH LF
update_file: "*** Update File: " PATH LF (move chunks? | chunks)

move: "*** Move to: " PATH LF
chunks: blank* (headed_chunk | bare_chunk) (blank* headed_chunk)*

headed_chunk: header+ line+ end_of_file?
bare_chunk: FIRST_LINE LF line* end_of_file?
header: ("@@" | "@@ " TEXT) LF
line: LINE? LF
end_of_file: "*** End of File" LF
blank: BLANK? LF

PATH: /[^\n]*[^\s][^\n]*/
TEXT: /[^\n]*/
LINE: /[ +-][^\n]*/
FIRST_LINE: /[+-][^\n]*/ | / [^\n]*[^\s][^\n]*/
BLANK: /[ \t]+/
LF: /\r?\n/
`;

/** For a tool whose input is the patch itself. */
export const applyPatchDescription =
  "Edits files: the input is a patch in the language of the grammar, written as plain text and not wrapped in JSON.";

/** For a tool that takes the patch as a string argument and so has to explain the language. */
export const applyPatchInstructions = `Edits files with a patch. The patch is plain text between two markers:

*** Begin Patch
one or more sections
*** End Patch

Each section changes one file and starts with one of these headers:

*** Add File: PATH
    creates the file; every following line is a line of it, with \`+\` in front, blank lines too
*** Delete File: PATH
    removes the file; nothing follows
*** Update File: PATH
    changes the file; chunks follow. To give it a new name as well, the next line is
    *** Move to: NEW PATH

A chunk shows a place in the file and what changes there. Its first line is \`@@\`. Each line after that starts with a space (the line stays as it is), with \`-\` (the line goes) or with \`+\` (the line is new). Show three lines that stay above and three below each change; where two changes are close, do not repeat the lines between them. If that does not tell the place apart from others in the file, name the class or function that it is in after the \`@@\`, and use several such lines for nested ones:

@@ class Account
@@   def close(self):
     self.check()
-    self.open = True
+    self.open = False
     self.save()

When the lines of a chunk are the last of the file, the line \`*** End of File\` may follow them.

A patch with all of it:

*** Begin Patch
*** Add File: notes/today.md
+# Today
+
+Nothing yet.
*** Update File: src/app.py
*** Move to: src/main.py
@@ def greet():
-print("Hi")
+print("Hello, world!")
*** Delete File: old.txt
*** End Patch

Every section needs its header, new files need \`+\` on every line, and paths are relative, never absolute.

The grammar:

${applyPatchGrammar}`;
