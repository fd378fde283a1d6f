-- A long bracket whose end the lexer once looked for beyond the text.
return [================================================================================
