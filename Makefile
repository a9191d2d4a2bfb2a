# The one list of tasks. `make demo` and `make test` need only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
IMAGE ?= valuebox:latest
TOOLS_IMAGE ?= valuebox-tools:latest
export BENTOML_DO_NOT_TRACK := True
# What is built says that it was made when the commit was.
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
build image image-tools image-check site release-check: export SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),0)

.PHONY: install demo demo-all test test-slow test-slow-touched test-chart fuzz lint format train serve evaluate build image image-tools image-check test-image docs site sbom audit lock bench-cohorts \
	bench-score bench-dask bench-facts bench-footprint bench-import bench-growth bench-growth-claims bench-response bench-handle bench-drift bench-dashboard bench-months bench-features bench-features-online bench-offers bench-offers-endpoints bench-offers-ab bench-offers-learning bench-offers-deciding bench-offers-coverage bench-offers-open-bandit bench-recommend bench-recommend-serving bench-recommend-speed bench-recommend-verdicts bench-recommend-shop bench-contenders bench chaos chaos-image chaos-large soak starve pictures release-check

install: .venv/installed

.venv/installed: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	@echo "installing into .venv, nearly all of the next one to five minutes without a word"
# The lock is complete. Resolving it again would stumble over releases that are newer than it.
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r requirements-dev.txt
	$(BIN)/python -m pip check
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
# Where Python may not write, it would compile our modules at every start.
	$(BIN)/python -m compileall -q src training cli
	touch $@

demo: install
	$(BIN)/valuebox demo

# Every compartment, from raw data to a judged answer; OPTIONS=--keep leaves the service up.
demo-all: install
	$(BIN)/valuebox demo --all $(OPTIONS)

# Three workers on two cores, since many tests wait for time-outs, and for a service or a database that computes.
test: install
	$(BIN)/python -m pytest --numprocesses 3 --dist worksteal --durations 20

# What takes longest: kills, upgrades under load, made-up requests, simulations, and benchmarks in short. What
# passes is written down in tests/slow.json.
test-slow: install
# The longest takes four minutes on two quiet cores, and more than six where others use them, too.
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --override-ini faulthandler_timeout=900 -m slow --record $(SUBJECTS)

# Of these, the subjects alone that rest on something else than what tests/slow.json was written of.
test-slow-touched: install
	touched="$$($(BIN)/python tests/support/slow.py)"; test -z "$$touched" || $(MAKE) test-slow SUBJECTS="$$touched"

# Minutes: more than 10,000 made-up requests to each database, 1,000 dirty logs, 100,000 mangled files,
# and 150,000 odd bodies; the last line with `--fuzz-examples 1000000` looks at three million of these.
fuzz: install
	$(BIN)/python -m pytest --capture=no --override-ini faulthandler_timeout=0 --fuzz-examples 2500 -m slow tests/e2e/serving/test_fuzzed.py tests/e2e/serving/test_modelled.py
	$(BIN)/python -m pytest --capture=no --override-ini faulthandler_timeout=0 --fuzz-examples 252 -m slow tests/unit/facts/test_few_events.py
	$(BIN)/python -m pytest --capture=no --override-ini faulthandler_timeout=0 --fuzz-examples 20000 tests/unit/importing/test_import_mangled.py
	$(BIN)/python -m pytest --capture=no --override-ini faulthandler_timeout=0 --fuzz-examples 100000 tests/unit/files/test_mangled_files.py
	$(BIN)/python -m pytest --capture=no --override-ini faulthandler_timeout=0 --fuzz-examples 50000 tests/unit/schemas/test_decoding.py tests/unit/facts/test_decoded_facts.py

lint: install
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: install
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

train: install
	$(BIN)/valuebox train

serve: install
	$(BIN)/bentoml serve

evaluate: install
	$(BIN)/valuebox evaluate data/valid.csv

# With the models that a service would take when it starts here; VALUEBOX_MODEL=- leaves one out.
build: install
	mkdir -p build
	$(BIN)/valuebox models bentofile > build/bentofile.yaml
	git diff HEAD 2>/dev/null | $(BIN)/python ops/release/bento.py build/bentofile.yaml $(COMMIT)

# Needs Docker. IMAGE_OPTIONS go to `bentoml containerize`, such as `--opt network=host`.
# BentoML copies the Bento to TMPDIR, and reads a recipe only below the folder it runs in.
image: build
	TMPDIR=$(CURDIR)/build $(BIN)/bentoml containerize valuebox-service:latest --image-tag $(IMAGE) --opt build-arg=SOURCE_DATE_EPOCH=$$SOURCE_DATE_EPOCH $(IMAGE_OPTIONS)

# The command `valuebox` as an image, for jobs beside the service. BUILD_OPTIONS go to `docker build`, such as
# `--network host`.
image-tools:
	docker build --build-arg SOURCE_DATE_EPOCH --file ops/tools/Dockerfile --tag $(TOOLS_IMAGE) $(BUILD_OPTIONS) .

# Wheel, Bento and images of the last commit, built twice and compared, name by name; the images where an engine
# answers, with IMAGE_OPTIONS and BUILD_OPTIONS as above.
image-check: install
	IMAGE_OPTIONS="$(IMAGE_OPTIONS)" BUILD_OPTIONS="$(BUILD_OPTIONS)" ops/release/twice.sh

# The chart for Kubernetes, rendered by Helm and held against the schemas of Kubernetes' API.
test-chart: .contenders/chart/installed
	.contenders/chart/bin/python -m pytest --quiet --config-file /dev/null --rootdir tests/chart --confcutdir tests/chart tests/chart

.contenders/chart/installed: tests/chart/requirements.txt
	$(PYTHON) -m venv .contenders/chart
	.contenders/chart/bin/python -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r $<
	touch $@

# The whole round, in containers: needs Docker and its Compose.
test-image: install
	$(BIN)/python -m pytest tests/image

# Needs requirements-bench.txt; hours, and goes on where it stopped.
bench-cohorts: install
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks.accuracy.cohort_error run cohort-error.jsonl
	$(BIN)/python -m benchmarks.accuracy.cohort_error tables cohort-error.jsonl

# The runs of docs/reliability.md, on a PostgreSQL that a wheel brings; a quarter of an hour each.
# `INTO="--into docs/reliability.md"` puts the figures there.
chaos: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.reliability.chaos $(INTO)

# The same with containers of the image that `make image` has built, on an engine of this machine.
chaos-image: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.reliability.chaos --image $(IMAGE) $(INTO)

# Two services behind HAProxy, PgBouncer, a replica, and a database of 20 million predictions by
# month and 50 million events: kills, pages, and a month that expires. An hour, most of it to fill,
# and 45 GB of disk; `OPTIONS="--predictions 100000 --events 200000 --kills 6"` takes minutes, and
# `--keep FOLDER` keeps the database for the next time. Needs haproxy and pgbouncer.
chaos-large: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.reliability.large $(OPTIONS) $(INTO)

soak: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.reliability.soak $(INTO)

# How long others wait while one address attacks; seven minutes.
starve: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.reliability.starvation $(INTO)

# `valuebox score` beside the booster alone, up to ten million users; needs 1 GB of disk.
bench-score: install
	$(BIN)/python -m benchmarks.speed.scoring $(INTO)

# Facts into PostgreSQL beside a plain COPY, and out again; some minutes and 3 GB of disk.
bench-facts: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.speed.facts $(INTO)

# Disk, log and processors of a million events and predictions; some minutes and 2 GB of disk.
bench-footprint: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.speed.footprint $(INTO)

# 1.5 million lines of invoices from CSV into SQLite and PostgreSQL; some minutes and 1 GB of disk.
bench-import: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.speed.importing $(INTO)

# A growth report over five million events; some minutes and 3 GB of disk.
bench-growth: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.speed.growth $(INTO)

# The response model beside logistic regressions, in seven worlds; half an hour.
bench-response: install
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks.accuracy.response $(INTO)

# Forecasts of handle beside an oracle, trees and simple ones, in seven worlds; half an hour.
bench-handle: install
	OMP_WAIT_POLICY=PASSIVE OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.accuracy.handle

# Regret of who decides on offers, in thirteen worlds of two families; an hour. `OPTIONS="--only few"` plays some.
# Vowpal Wabbit and coba are of requirements-bench.txt, and left out where that is not installed.
bench-offers: install
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.offers fast $(OPTIONS) $(INTO)

# The same games played with a real service; some minutes each.
bench-offers-endpoints: install
	OMP_WAIT_POLICY=PASSIVE PYTHONPATH=tests $(BIN)/python -m benchmarks.offers endpoints $(OPTIONS) $(INTO)

# A/B tests in the same games, beside a model that keeps learning; ten minutes.
bench-offers-ab: install
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.offers.ab_tests $(OPTIONS) $(INTO)

# `valuebox offers learn` out of SQLite and PostgreSQL with a million decisions; ten minutes, and 6 GB of disk.
bench-offers-learning: install
	OMP_WAIT_POLICY=PASSIVE PYTHONPATH=tests $(BIN)/python -m benchmarks.offers.learning $(OPTIONS) $(INTO)

# A decision beside a prediction, over HTTP, with ten million stored events; half an hour.
bench-offers-deciding: install
	OMP_WAIT_POLICY=PASSIVE PYTHONPATH=tests $(BIN)/python -m benchmarks.offers.deciding $(OPTIONS) $(INTO)

# How often off-policy intervals hold, and who passes the gate of promotions; a quarter of an hour.
bench-offers-coverage: install
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.offers.coverage $(INTO)

# obp's estimates of its Open Bandit sample beside ours; OPEN_BANDIT is the folder `obp` of its wheel.
bench-offers-open-bandit: install
	$(BIN)/python -m benchmarks.offers.open_bandit

# Recommendations beside others on public sets of sessions, which lie in SESSIONS; an hour.
bench-recommend: install .contenders/recommend/installed
	OMP_WAIT_POLICY=PASSIVE OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.recommend $(SESSIONS) $(OPTIONS) $(INTO)

# How long an answer takes beside `wsknn`, and how large an index of ten million clicks is; some minutes.
bench-recommend-speed: install .contenders/recommend/installed
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.recommend.speed $(SESSIONS) $(INTO)

.contenders/recommend/installed: benchmarks/recommend/peers.txt
	$(PYTHON) -m venv .contenders/recommend
	.contenders/recommend/bin/python -m pip install --quiet --only-binary :all: -r $<
	touch $@

# Made-up shops whose visitors react to lists, lived through with a real service; a quarter of an hour.
bench-recommend-shop: install
	OMP_WAIT_POLICY=PASSIVE PYTHONPATH=tests $(BIN)/python -m benchmarks.recommend.lived_shops $(OPTIONS) $(INTO)

# A list beside a prediction, over HTTP, with a million stored views, also while an index is built; some minutes.
bench-recommend-serving: install
	OMP_WAIT_POLICY=PASSIVE PYTHONPATH=tests $(BIN)/python -m benchmarks.recommend.serving $(OPTIONS) $(INTO)

# Experiments on recommendations whose truth is known, and what is said of them; some minutes.
bench-recommend-verdicts: install
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.recommend.verdicts $(INTO)

# Twenty shops, calm and drifted, and what `valuebox monitor` says of them; some minutes.
bench-drift: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.accuracy.drift $(INTO)

# Shuffled labels and heavy tails: how often claims, intervals and "the best" hold; half an hour.
bench-growth-claims: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.accuracy.false_alarms $(INTO)

# `--dask` on a cluster of this machine, to 5 million users to learn from and 20 million to score.
bench-dask: install
	$(BIN)/python -m benchmarks.speed.dask_growth $(INTO)

# The run of docs/serving-speed.md, twenty minutes; two with `OPTIONS=--short`. What it compares with
# is installed first, each for itself.
bench-contenders: $(patsubst benchmarks/serving/peers/%.txt,.contenders/%/installed, \
	$(wildcard benchmarks/serving/peers/*.txt))

.contenders/%/installed: benchmarks/serving/peers/%.txt
	$(PYTHON) -m venv .contenders/$*
	.contenders/$*/bin/python -m pip install --quiet --only-binary :all: -r $<
	touch $@

bench: install
	OMP_WAIT_POLICY=PASSIVE PYTHONPATH=tests $(BIN)/python -m benchmarks.serving $(OPTIONS) $(INTO)

# Of the dashboard, its pages and the growth report, into docs/images; needs Debian's package `chromium`.
pictures: install
	PYTHONPATH=tests $(BIN)/python docs/images/pictures.py

# A view over the sums of ten million predictions; five minutes. `OPTIONS=--rows` stores the rows,
# too: a quarter of an hour, and 8 GB of disk. `OPTIONS=--sqlite` asks SQLite.
bench-dashboard: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.speed.dashboard $(OPTIONS) $(INTO)

# A month of five million predictions that expires, with partitions and without; a quarter of an hour.
bench-months: install
	PYTHONPATH=tests $(BIN)/python -m benchmarks.speed.months $(OPTIONS) $(INTO)

# Tables of features of five and of fifty million events, beside DuckDB, Polars and pandas by hand;
# half an hour and 20 GB of disk. What it compares with is installed first. Then answers online.
bench-features: install .contenders/features/installed .contenders/feast/installed
	PYTHONPATH=tests $(BIN)/python -m benchmarks.features $(OPTIONS) $(INTO)
	$(MAKE) bench-features-online

# Answers online, of ten million stored events, over HTTP as well; an hour, nearly all of it spent on
# storing them. Feast is installed first.
bench-features-online: install .contenders/feast/installed
	OMP_WAIT_POLICY=PASSIVE PYTHONPATH=tests $(BIN)/python -m benchmarks.features.online $(OPTIONS) $(INTO)

.contenders/feast/installed: benchmarks/features/feast.txt
	$(PYTHON) -m venv .contenders/feast
	.contenders/feast/bin/python -m pip install --quiet --only-binary :all: -r $<
	touch $@

.contenders/features/installed: benchmarks/features/peers.txt
	$(PYTHON) -m venv .contenders/features
	.contenders/features/bin/python -m pip install --quiet --only-binary :all: -r $<
	touch $@

docs: install
	$(BIN)/python docs/modules.py
	$(BIN)/python docs/reference.py
	$(BIN)/python docs/schemas.py

# The documents as a site in build/site, which opens from a folder: build/site/index.html. A service shows it below
# its dashboard, and whatever is built of the sources afterwards.
site: install .contenders/site/installed
	$(BIN)/python docs/website.py
	rm -rf build/site
	.contenders/site/bin/python -m sphinx --quiet --fail-on-warning --keep-going --fresh-env -d build/doctrees -c ops/site build/pages build/site
	$(BIN)/python ops/release/pack.py build/site build/documents.zip
# A service that runs reads what is there.
	mv build/documents.zip src/valuebox/dashboard/documents.zip

.contenders/site/installed: ops/site/requirements.txt
	$(PYTHON) -m venv .contenders/site
	.contenders/site/bin/python -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r $<
	touch $@

# The packages of the image with versions and digests, as CycloneDX in build/sbom.json.
sbom: .contenders/parts/installed
	mkdir -p build
	.contenders/parts/bin/cyclonedx-py requirements --output-reproducible --validate --pyproject pyproject.toml --mc-type application \
		--output-file build/sbom.json requirements.txt

# Known faults of the packages of the service, of the command line and of the tests, in the lock that has all of them;
# asks the package index, and fails where that tells of none.
audit: .contenders/parts/installed
	.contenders/parts/bin/pip-audit --strict --require-hashes --disable-pip --requirement requirements-dev.txt $(OPTIONS)

.contenders/parts/installed: ops/parts/requirements.txt
	$(PYTHON) -m venv .contenders/parts
	.contenders/parts/bin/python -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r $<
	touch $@

# What docs/releasing.md asks for before a tag: a wheel of a clean tree that works where nothing else is.
release-check: lint site
	test -z "$$(git status --porcelain)"
	$(BIN)/python -m pytest tests/unit/house
	rm -rf build/release
	$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir build/release
	$(BIN)/uv venv --quiet --python $(PYTHON) build/release/venv
	$(BIN)/uv pip install --quiet --python build/release/venv --no-deps --require-hashes --only-binary :all: -r requirements.txt
	$(BIN)/uv pip install --quiet --python build/release/venv --no-deps build/release/*.whl
	cd build/release && venv/bin/python -c "import valuebox, valuebox.service; valuebox.Client(), valuebox.load; print(valuebox.__version__)"

lock: install
	$(BIN)/uv pip compile $(LOCK) --output-file requirements.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK) --extra cli --constraint requirements.txt --output-file requirements-cli.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK) --extra dev --constraint requirements-cli.txt --output-file requirements-dev.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK) --extra bench --constraint requirements-dev.txt --output-file requirements-bench.txt pyproject.toml
	$(BIN)/uv pip compile $(LOCK) --output-file tests/chart/requirements.txt tests/chart/requirements.in
	$(BIN)/uv pip compile $(LOCK) --output-file ops/site/requirements.txt ops/site/requirements.in
	$(BIN)/uv pip compile $(LOCK) --output-file ops/parts/requirements.txt ops/parts/requirements.in

LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links
