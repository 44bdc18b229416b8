using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>The repositories of one batch: read, and saved when the fold changed them, unless another batch was faster.</summary>
internal sealed class PostgresRepos
{
    private readonly List<string> _dids;
    private readonly List<(string Uri, string Rev)> _faulty;
    private readonly Dictionary<string, uint> _versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RepoState> _states = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Uri, string Rev), string> _reported = [];
    private int _unsaved;

    public PostgresRepos(IReadOnlyList<FirehoseEvent> events)
    {
        var dids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var next in events)
            if (BatchFold.Concerns(next.Frame.Kind)) dids.Add(next.Frame.Did);
        _dids = [.. dids];
        _dids.Sort(StringComparer.Ordinal);
        _faulty = [.. from next in events from change in next.Changes where change.Fault is not null select (change.Uri, next.Frame.Rev!)];
    }

    /// <summary>The states, after <see cref="Read"/>.</summary>
    public IReadOnlyDictionary<string, RepoState> States => _states;

    /// <summary>Which delivery reported a record as bad, after <see cref="Read"/>.</summary>
    public IReadOnlyDictionary<(string Uri, string Rev), string> Reported => _reported;

    /// <summary>Reads them.</summary>
    public void Read(RoundTrip trip)
    {
        foreach (var did in _dids) _states.Add(did, new RepoState(did) { IsNew = true });
        if (_dids.Count > 0) trip.Add("read_repos", TakeState, Column.Text(_dids, did => did));
        if (_faulty.Count > 0)
            trip.Add("select_rejected", row => _reported[(row.GetString(0), row.GetString(1))] = row.GetString(2),
                Column.Text(_faulty, record => record.Uri), Column.Text(_faulty, record => record.Rev));
    }

    /// <summary>Saves those that changed, which also keeps them from other batches until this one is over.</summary>
    public void Save(RoundTrip trip)
    {
        var changed = _dids.Select(did => _states[did]).Where(repo => repo.Changed).ToList();
        _unsaved = changed.Count;
        var known = changed.Where(repo => _versions.ContainsKey(repo.Did)).ToList();
        var added = changed.Where(repo => !_versions.ContainsKey(repo.Did)).ToList();
        if (known.Count > 0) trip.Add("save_repos", _ => _unsaved--, [.. ColumnsOf(known), Column.Version(known, repo => _versions[repo.Did])]);
        if (added.Count > 0) trip.Add("insert_repos", _ => _unsaved--, ColumnsOf(added));
        var users = changed.Where(repo => repo.UserChangedAt is not null).ToList();
        if (users.Count > 0)
            trip.Add("save_users",
                Column.Text(users, repo => repo.Did),
                Column.Text(users, repo => repo.NewHandle),
                Column.Text(users, repo => repo.AccountStatus),
                Column.Time(users, repo => repo.UserChangedAt!.Value));
    }

    /// <summary>After the save: another batch was at one of these repositories since they were read, as can be when a claim was lost.</summary>
    /// <exception cref="BatchConflictException">All of it has to be read and folded anew.</exception>
    public void RequireSaved()
    {
        if (_unsaved > 0) throw new BatchConflictException();
    }

    private static NpgsqlParameter[] ColumnsOf(IReadOnlyList<RepoState> repos) =>
    [
        Column.Text(repos, repo => repo.Did),
        Column.Text(repos, repo => repo.Rev),
        Column.Text(repos, repo => repo.Data),
        Column.Text(repos, repo => repo.Desynchronized ? "desynchronized" : "synchronized"),
        Column.Text(repos, repo => repo.AccountStatus),
        Column.Long(repos, repo => repo.Identity.Seq),
        Column.TimeOrNull(repos, repo => repo.Identity.At),
        Column.Long(repos, repo => repo.Account.Seq),
        Column.TimeOrNull(repos, repo => repo.Account.At),
    ];

    private void TakeState(NpgsqlDataReader row)
    {
        var did = row.GetString(1);
        _versions[did] = row.GetFieldValue<uint>(0);
        _states[did] = new RepoState(did)
        {
            Rev = row.IsDBNull(2) ? null : row.GetString(2),
            Data = row.IsDBNull(3) ? null : row.GetString(3),
            Desynchronized = row.GetBoolean(4),
            AccountStatus = row.GetString(5),
            Identity = new EventMark(row.GetInt64(6), TimeOrNull(row, 7)),
            Account = new EventMark(row.GetInt64(8), TimeOrNull(row, 9)),
        };
    }

    private static DateTimeOffset? TimeOrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : new DateTimeOffset(row.GetDateTime(column));
}

/// <summary>Two batches met; this one gave way.</summary>
internal sealed class BatchConflictException() : Exception("Another batch was at the same repositories.");
