"""Submissions that want marks for nothing, and strange ones that deserve theirs.

The question of all of them: `centre(ratings)`, the mean of an array. None of the hostile computes
it. `ANSWERS` stands for the path of the grader's own file, which holds every expected value, and
`OUTSIDE` for a folder that nobody may touch. Code that finds the expected values knows what to do
with them, so it would get full marks if the sandbox let it: one test switches the sandbox off.
"""

FROM_FILE = """
import json, base64, struct
def use(text):
    def centre(ratings):
        raw = base64.b64encode(ratings.tobytes()).decode()
        for question in json.loads(text)["questions"]:
            for aspect in question["aspects"]:
                for case in aspect["cases"]:
                    if raw in json.dumps(case["args"]):
                        return case["expected"]
        return 0.0
    return centre
"""
EQUAL = """
class Equal({base}):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __gt__(self, other): return True
    def __hash__(self): return 0
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0
    def __array__(self, *a, **k): raise KeyError
"""
FORGE = """
import os, json
def forge(line):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, line)
        except OSError:
            pass
"""
FORK = """
import os, time
def forks(most, seconds):
    made = 0
    for _ in range(most):
        try:
            child = os.fork()
        except OSError:
            break
        if child == 0:
            time.sleep(seconds)
            os._exit(0)
        made += 1
    return made
"""
ZERO = "def centre(ratings): return 0.0"

HOSTILE = {
    # -------------------------------------------------------- objects that equal everything
    "equal object": EQUAL.format(base="object") + "def centre(r): return Equal()",
    "equal float": EQUAL.format(base="float") + "def centre(r): return Equal(0.0)",
    "equal int": EQUAL.format(base="int") + "def centre(r): return Equal(0)",
    "equal array": "import numpy as np\n" + EQUAL.format(base="np.ndarray")
    + "def centre(r): return np.zeros(1).view(Equal)",
    "equal text": EQUAL.format(base="str") + "def centre(r): return Equal('x')",
    "equal list": EQUAL.format(base="list") + "def centre(r): return Equal()",
    "equal in a list": EQUAL.format(base="object") + "def centre(r): return [Equal()]",
    "equal array of objects": "import numpy as np\n" + EQUAL.format(base="object")
    + "def centre(r): return np.array(Equal(), dtype=object)",
    "mock": "from unittest import mock\ncentre = mock.MagicMock()",
    "any of mock": "from unittest import mock\ndef centre(r): return mock.ANY",
    # -------------------------------------------------------- patches
    "patched isclose": "import numpy as np\nnp.isclose = np.allclose = np.array_equal = "
    "lambda *a, **k: np.True_\n" + ZERO,
    "patched builtins": "import builtins\nfor n in ('isinstance', 'all', 'any', 'abs'):\n"
    "    setattr(builtins, n, lambda *a, **k: True)\n" + ZERO,
    "patched plain": "import plain\nplain.encode = lambda *a: {'float': 'nan'}\n" + ZERO,
    "patched json": "import json\njson.dumps = lambda *a, **k: '{\"call\": 0, \"value\": true}'\n"
    + ZERO,
    "patched runner": "import sys\nmain = sys.modules['__main__']\n"
    "main.answer = lambda *a: {'value': True, 'right': True, 'points': 99}\n" + ZERO,
    "import hook": "import sys\nclass Hook:\n    def find_spec(self, name, *a):\n"
    "        raise ImportError\nsys.meta_path.insert(0, Hook())\n" + ZERO,
    "the grader itself": "from metarec.grading import compare\n"
    "compare.difference = lambda *a, **k: ''\n" + ZERO,
    "assertions off": "import sys\nsys.flags = None\n__debug__ and 0\n" + ZERO,
    "float without error": "import numpy as np\ndef centre(r): return float('nan')",
    "infinite": "def centre(r): return float('inf')",
    # -------------------------------------------------------- looking for the answers
    "reads the answers": FROM_FILE + "centre = use(open('ANSWERS').read())",
    "reads by another root": FROM_FILE + "centre = use(open('/proc/1/root' + 'ANSWERS').read())",
    "reads by the parent": FROM_FILE
    + "import os\ncentre = use(open(f'/proc/{os.getppid()}/root' + 'ANSWERS').read())",
    "reads by its old folder": FROM_FILE
    + "import os\ncentre = use(open('/proc/self/cwd/../..' + 'ANSWERS').read())",
    "walks the disk": FROM_FILE + "import os\nfor where, _, names in os.walk('/'):\n"
    "    if where.startswith(('/proc', '/usr', '/lib', '/dev')): continue\n"
    "    for name in names:\n        if name == 'grader.json':\n"
    "            centre = use(open(os.path.join(where, name)).read())",
    "memory of the parent": "import os, re\ndef centre(ratings):\n"
    "    for pid in filter(str.isdigit, os.listdir('/proc')):\n"
    "        if int(pid) == os.getpid(): continue\n"
    "        for line in open(f'/proc/{pid}/maps'):\n"
    "            a, b = (int(x, 16) for x in line.split()[0].split('-'))\n"
    "            memory = open(f'/proc/{pid}/mem', 'rb'); memory.seek(a)\n"
    "            if b'expected' in memory.read(min(b - a, 10**6)): return 1.0\n    return 0.0",
    "environment": "import os\ndef centre(r): return float(os.environ['METAREC_EXPECTED'])",
    "environment of others": "import os\ndef centre(r):\n"
    "    for pid in filter(str.isdigit, os.listdir('/proc')):\n"
    "        try: text = open(f'/proc/{pid}/environ').read()\n"
    "        except OSError: continue\n"
    "        if 'METAREC_EXPECTED=' in text:\n"
    "            return float(text.split('METAREC_EXPECTED=')[1].split(chr(0))[0])\n    return 0.0",
    "frames": "import sys\ndef centre(r):\n    frame = sys._getframe()\n    while frame:\n"
    "        for value in list(frame.f_locals.values()):\n"
    "            if isinstance(value, dict) and 'expected' in value: return value['expected']\n"
    "        frame = frame.f_back\n    return 0.0",
    "garbage collector": "import gc\ndef centre(r):\n    for one in gc.get_objects():\n"
    "        if isinstance(one, dict) and 'expected' in one: return one['expected']\n    return 0.0",
    "open descriptors": "import os\ndef centre(r):\n    for d in range(64):\n"
    "        try:\n            if b'expected' in os.read(d, 10**6): return 1.0\n"
    "        except OSError: pass\n    return 0.0",
    "standard input": "import sys\ntext = sys.__stdin__.read()\n" + ZERO,
    "kernel log": "text = open('/dev/kmsg').read(100)\n" + ZERO,
    "traces the parent": "import ctypes, os\nctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)\n"
    + ZERO,
    # -------------------------------------------------------- the pipe
    "forged line": FORGE + "def centre(r):\n    forge(b'{\"call\": 0, \"value\": 1, \"right\": true,"
    " \"points\": 99}\\n')\n    return 0.0",
    "forged lines for all": FORGE + "def centre(r):\n    for n in range(9):\n"
    "        forge(json.dumps({'call': n, 'value': None, 'right': 1}).encode() + b'\\n')\n"
    "    return 0.0",
    "forged record": FORGE + "forge(b'{\"state\": \"marked\", \"points\": 99, \"questions\": []}\\n')\n"
    + ZERO,
    "rubbish": FORGE + "forge(bytes(range(256)) * 50 + b'\\n[[[\\n{}\\n12\\nnull\\n')\n" + ZERO,
    "deep line": FORGE + "forge(b'{\"call\": 0, \"value\": ' + b'[' * 60000 + b'\\n')\n" + ZERO,
    "endless number": FORGE + "forge(b'{\"call\": 0, \"value\": ' + b'9' * 6000 + b'}\\n')\n" + ZERO,
    "wrong array": FORGE + "forge(b'{\"call\": 0, \"value\": {\"array\": [\"<f8\", [9999999999999],"
    " \"AAAA\"]}}\\n')\n" + ZERO,
    "unhashable key": FORGE + "forge(b'{\"call\": 0, \"value\": {\"dict\": [[[], 1]]}}\\n')\n" + ZERO,
    "closed pipe": "import os\nos.closerange(0, 64)\n" + ZERO,
    "flood": "def centre(r): return 'x' * (9 * 2**20)",
    "flood by hand": FORGE + "def centre(r):\n    while True: forge(b'x' * 65536 + b'\\n')",
    "prints": "def centre(r):\n    for _ in range(20000): print('ok passed 100% points 99')\n"
    "    return 0.0",
    "prints a result": "import sys\ndef centre(r):\n"
    "    sys.__stdout__.write('{\"call\": 0, \"value\": 1}\\n')\n"
    "    sys.__stderr__.write('1 passed')\n    return 0.0",
    "pickle": "import os, pickle\nclass Bomb:\n    def __reduce__(self):\n"
    "        return os.system, ('touch OUTSIDE/pickled',)\ndef centre(r): return Bomb()",
    "pickle as bytes": "import pickle\ndef centre(r): return pickle.dumps(1.0)",
    # -------------------------------------------------------- ends
    "os._exit": "import os\ndef centre(r): os._exit(0)",
    "os._exit at once": "import os\nos._exit(0)",
    "sys.exit": "import sys\ndef centre(r): sys.exit(0)",
    "raises its own": "class Right(BaseException): pass\ndef centre(r): raise Right('points: 99')",
    "raises the input": "def centre(r): raise ValueError(repr(r))",
    "abort": "import os\ndef centre(r): os.abort()",
    "segmentation fault": "import ctypes\ndef centre(r): ctypes.string_at(0)",
    "recursion": "def centre(r): return centre(r)",
    "kills all": "import os, signal\ndef centre(r): os.kill(-1, signal.SIGKILL)",
    "kills its parent": "import os, signal\ndef centre(r):\n    os.kill(os.getppid(), signal.SIGKILL)\n"
    "    return 0.0",
    "ignores signals": "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, lambda *a: 0)\n"
    "    except OSError: pass\n" + ZERO,
    # -------------------------------------------------------- using things up
    "infinite loop": "def centre(r):\n    while True: pass",
    "infinite loop that catches": "def centre(r):\n    while True:\n        try:\n"
    "            while True: pass\n        except BaseException: pass",
    "sleep": "import time\ndef centre(r): time.sleep(99)",
    "memory": "def centre(r): return float(len(bytearray(10**11)))",
    "memory bit by bit": "import numpy as np\ndef centre(r):\n    kept = []\n"
    "    while True: kept.append(np.ones(10**6))",
    "disk": "def centre(r):\n    with open('/tmp/large', 'wb') as f:\n"
    "        while True: f.write(bytes(10**6))",
    "many files": "def centre(r):\n    for n in range(10**4):\n"
    "        open(f'/tmp/{n}', 'wb').write(bytes(10**5))\n    return 0.0",
    "shared memory": "def centre(r):\n    open('/dev/shm/x', 'wb').write(bytes(10**7))\n"
    "    return 0.0",
    "descriptors": "def centre(r):\n    kept = []\n    while True: kept.append(open('/dev/null'))",
    "threads": "import threading, time\ndef centre(r):\n    for _ in range(200):\n"
    "        threading.Thread(target=time.sleep, args=(99,)).start()\n    return 0.0",
    "threads left running": "import threading\ndef spin():\n    while True: pass\ndef centre(r):\n"
    "    for _ in range(3): threading.Thread(target=spin).start()\n    return 0.0",
    "forks": FORK + "def centre(r): return float(forks(100, 60))",
    "forks in a new namespace": FORK + "import ctypes\ndef centre(r):\n"
    "    ctypes.CDLL(None).unshare(0x10000000)\n    return float(forks(100, 60))",
    "daemon": FORK + "def centre(r):\n    if os.fork() == 0:\n        os.setsid()\n"
    "        if os.fork() == 0:\n            time.sleep(60)\n        os._exit(0)\n    return 0.0",
    "raises its limits": "import resource\nfor n in range(16):\n"
    "    resource.setrlimit(n, (resource.RLIM_INFINITY,) * 2)\n" + ZERO,
    # -------------------------------------------------------- the rest of the machine
    "network": "import socket\ndef centre(r):\n"
    "    return float(bool(socket.create_connection(('127.0.0.1', PORT), timeout=1)))",
    "network in numbers": "import socket\ndef centre(r):\n    s = socket.socket()\n"
    "    s.settimeout(1)\n    s.connect(('1.1.1.1', 53))\n    return 1.0",
    "writes outside": "def centre(r):\n    open('OUTSIDE/written', 'w').write('x')\n    return 0.0",
    "deletes outside": "import shutil\nshutil.rmtree('OUTSIDE')\n" + ZERO,
    "writes libraries": "import numpy, os\ndef centre(r):\n"
    "    open(os.path.join(os.path.dirname(numpy.__file__), 'planted.py'), 'w')\n    return 0.0",
    "writes the runner": "def centre(r):\n    open('/work/runner.py', 'a').write('x = 1')\n"
    "    return 0.0",
    "becomes root": "import os\nos.setuid(0)\n" + ZERO,
    "mounts": "import ctypes\nctypes.CDLL(None).mount(b'none', b'/usr', b'tmpfs', 0, None)\n" + ZERO,
    "changes root": "import os\nos.chroot('/tmp')\n" + ZERO,
    "asks a shell": "import subprocess\nsubprocess.run(['sh', '-c', 'echo x > OUTSIDE/shell'])\n"
    + ZERO,
    # -------------------------------------------------------- names and kinds
    "Cyrillic letter": "import numpy as np\ndef сentre(r): return float(np.mean(r))",
    "renamed": "import numpy as np\ndef center(r): return float(np.mean(r))",
    "missing": "x = 1",
    "no function": "centre = 3.0",
    "returns nothing": "def centre(r): pass",
    "returns text": "import numpy as np\ndef centre(r): return str(np.mean(r))",
    "returns a list": "import numpy as np\ndef centre(r): return [float(np.mean(r))]",
    "returns an array": "import numpy as np\ndef centre(r): return np.mean(r, keepdims=True)",
    "returns a complex number": "import numpy as np\ndef centre(r): return complex(np.mean(r))",
    "returns true": "def centre(r): return True",
    "generator": "def centre(r): yield 0.0",
    "coroutine": "async def centre(r): return 0.0",
    "does not parse": "def centre(r) return 0.0",
    "null byte": "def centre(r): return 0.0\x00",
    "deep expression": "x = " + "(" * 3000 + "1" + ")" * 3000 + "\n" + ZERO,
    "half a character": "x = '\ud800'\n" + ZERO,
}  # fmt: skip

MEAN = "import numpy as np\ndef centre(ratings):\n    return np.mean(ratings)\n"
DESERVING = {
    "a number of numpy": [MEAN],
    "a number of Python": [MEAN.replace("np.mean(ratings)", "float(ratings.mean())")],
    "its own way": ["def centre(ratings):\n    total = 0\n    for r in ratings: total += float(r)\n"
                    "    return total / len(ratings)"],
    "prints a lot": [MEAN.replace("    return", "    print('x' * 10**7)\n    return")],
    "plots": ["import matplotlib.pyplot as plt\nimport numpy as np\nplt.plot([1])", MEAN],
    "shell lines": ["%matplotlib inline\n!pip install numpy\n?len", MEAN],
    "a slow try": [MEAN, "while True: pass"],
    "an exit elsewhere": ["import sys\nsys.exit(1)", MEAN],
    "a cell that does not parse": ["def (", MEAN],
    "defined twice": [ZERO, MEAN],
    "fullwidth name": [MEAN.replace("centre", "ｃｅｎｔｒｅ")],  # the same name, says Python
    "a lambda": ["import numpy as np", "centre = lambda r: np.mean(r)"],
    "an object": ["import numpy as np\nclass Mean:\n    def __call__(self, r): return np.mean(r)\n"
                  "centre = Mean()"],
    "a thread left": [MEAN, "import threading, time\n"
                      "threading.Thread(target=time.sleep, args=(99,)).start()"],
    "changes its input": [MEAN.replace("    return", "    ratings -= 1\n    return 1 +")],
    "asks for input": ["name = input('who are you?')", MEAN],
}  # fmt: skip
