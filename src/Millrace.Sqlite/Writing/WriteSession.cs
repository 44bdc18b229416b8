using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Millrace.Sqlite.Writing;

/// <summary>The writer's connection and what holds for the commit group in work: the store's time, the id counter, whom to wake.</summary>
internal sealed class WriteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly sqlite3 _database;
    private readonly Dictionary<string, long> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _queueNames = [];
    private readonly List<string> _newQueues = [];
    private readonly HashSet<long> _woken = [];
    private readonly List<Action> _afterCommit = [];
    private readonly Statement _begin;
    private readonly Statement _commit;
    private long _nextId;
    private long _storedNextId;

    public WriteSession(SqliteConnection connection, bool keepsFinished)
    {
        _connection = connection;
        _database = connection.Handle!;
        KeepsFinished = keepsFinished;
        Sql = new Statements(_database);
        _begin = new Statement(_database, "BEGIN IMMEDIATE");
        _commit = new Statement(_database, "COMMIT");
    }

    public Statements Sql { get; }

    /// <summary>Whether finished jobs leave a row to look at.</summary>
    public bool KeepsFinished { get; }

    /// <summary>The store's time in Unix milliseconds: SQLite's own clock, read once a group.</summary>
    public long Now { get; private set; }

    /// <summary>How far tests have moved the store's time.</summary>
    public long Shift { get; set; }

    public void Begin()
    {
        _begin.Run();
        var counter = Sql["read_counter"];
        counter.Step();
        _nextId = _storedNextId = counter.Long(0);
        Now = counter.Long(1) + Shift;
        counter.Reset();
    }

    public void Commit()
    {
        if (_nextId != _storedNextId) Sql["write_counter"].Bind(1, _nextId).Run();
        _commit.Run();
    }

    /// <summary>What follows from the commit; called after it, once.</summary>
    public void Announce(Action<string> wake)
    {
        foreach (var action in _afterCommit) action();
        foreach (var queue in _woken) wake(NameOf(queue));
        Forget();
        _newQueues.Clear();
    }

    public void Rollback()
    {
        foreach (var name in _newQueues)
            if (_queues.Remove(name, out var id)) _queueNames.Remove(id);
        _newQueues.Clear();
        Forget();
        Sql.Reset();
        // A full disk or a failed write may have rolled back already.
        if (raw.sqlite3_get_autocommit(_database) == 0) raw.sqlite3_exec(_database, "ROLLBACK");
    }

    /// <summary>A number never given before: an id, or a place at the end of the order.</summary>
    public long NextId() => _nextId++;

    /// <summary>The number of a queue, made when it is new.</summary>
    public long QueueId(string name)
    {
        if (_queues.TryGetValue(name, out var known)) return known;
        if (Sql["find_queue"].Bind(1, name).Scalar() is not { } id)
        {
            id = Sql["insert_queue"].Bind(1, name).Scalar()!.Value;
            _newQueues.Add(name);
        }

        Remember(id, name);
        return id;
    }

    public string NameOf(long queue)
    {
        if (_queueNames.TryGetValue(queue, out var known)) return known;
        var find = Sql["find_queue_name"].Bind(1, queue);
        var name = find.Step() ? find.Text(0)! : "";
        find.Reset();
        if (name.Length > 0) Remember(queue, name);
        return name;
    }

    /// <summary>Once committed, whoever waits for this queue looks again.</summary>
    public void Wake(long queue) => _woken.Add(queue);

    /// <summary>Runs once the group is on disk; not at all when it is rolled back.</summary>
    public void AfterCommit(Action action) => _afterCommit.Add(action);

    /// <summary>Changes when another process has committed since the last call.</summary>
    public long DataVersion() => Sql["read_data_version"].Scalar() ?? 0;

    /// <summary>Sets something on the writer's connection.</summary>
    public long? Pragma(string setting)
    {
        using var pragma = new Statement(_database, $"PRAGMA {setting}");
        return pragma.Scalar();
    }

    public void Dispose()
    {
        Sql.Dispose();
        _begin.Dispose();
        _commit.Dispose();
        _connection.Dispose();
    }

    private void Remember(long id, string name)
    {
        _queues[name] = id;
        _queueNames[id] = name;
    }

    private void Forget()
    {
        _woken.Clear();
        _afterCommit.Clear();
    }
}
