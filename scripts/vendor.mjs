// Copies the front-end libraries that npm installed into portal/static/vendor. Nothing of them is committed.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "portal", "static", "vendor");
const files = [
  ["@tabler/core/dist/css/tabler.min.css", "tabler/tabler.min.css"],
  ["@tabler/core/dist/js/tabler.min.js", "tabler/tabler.min.js"],
  ["@tabler/icons-webfont/dist/tabler-icons.min.css", "icons/tabler-icons.min.css"],
  ["@tabler/icons-webfont/dist/fonts/tabler-icons.woff2", "icons/fonts/tabler-icons.woff2"],
  ["htmx.org/dist/htmx.min.js", "htmx/htmx.min.js"],
  ["echarts/dist/echarts.min.js", "echarts/echarts.min.js"],
  ["swagger-ui-dist/swagger-ui.css", "swagger/swagger-ui.css"],
  ["swagger-ui-dist/swagger-ui-bundle.js", "swagger/swagger-ui-bundle.js"],
];

rmSync(target, { recursive: true, force: true });
for (const [from, to] of files) {
  mkdirSync(dirname(join(target, to)), { recursive: true });
  cpSync(join(root, "node_modules", from), join(target, to));
}
console.log(`${files.length} files in ${target}`);
