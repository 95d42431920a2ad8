// SPDX-License-Identifier: MIT
import hooks from "eslint-plugin-react-hooks";
import typescript from "typescript-eslint";

const MARKUP = [
  // Attackers' text is only ever a text node.
  {
    selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
    message: "Never HTML from data: use React text nodes.",
  },
  {
    selector: "MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]",
    message: "Never HTML from data.",
  },
  { selector: "CallExpression[callee.name=/^(eval|Function)$/]", message: "The Content-Security-Policy refuses eval." },
];

export default typescript.config(
  { ignores: ["src/api/schema.d.ts", "dist/**", "node_modules/**"] },
  ...typescript.configs.recommended,
  hooks.configs.flat["recommended-latest"],
  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      "no-restricted-syntax": ["error", ...MARKUP],
      eqeqeq: "error",
      complexity: ["error", 12],
      "@typescript-eslint/consistent-type-imports": "error",
      // React's compiler is not used; TanStack's hooks return functions that it cannot memoise.
      "react-hooks/incompatible-library": "off",
    },
  },
);
